"""Looping F-curves on shape keys: a sine where a signal is one, else keys that repeat for ever."""

from __future__ import annotations

import bpy
import numpy as np

PURE = 1e-5
"""A signal is a sine where this share of its power at most lies at other frequencies."""


def animate_loop(
    key: bpy.types.Key, path: str, values: np.ndarray, frame_start: int, loops: bool
) -> bpy.types.FCurve | None:
    """Animates a property through values [N], one a frame; with `loops` for ever. Earlier curves of it go.

    A sine becomes an empty curve with a sine modifier, anything else a key a frame, with a Cycles modifier where it
    loops: both can be edited in the Graph Editor. A signal that stays 0 gets no curve (None).
    """
    remove_curve(key, path)
    if not np.abs(values).max() > 1e-9:
        return None
    curve = fresh_curve(key, path)
    period = len(values)
    spectrum = np.fft.rfft(values)
    spectrum[1:] *= 2
    k = int(np.abs(spectrum).argmax())
    if loops and 0 < k < period / 2 and (np.abs(spectrum) ** 2).sum() < (1 + PURE) * abs(spectrum[k]) ** 2:
        # a cos(x + phi) = a sin(x + phi + pi / 2)
        speed = 2 * np.pi * k / period
        sine = curve.modifiers.new("FNGENERATOR")
        sine.function_type = "SIN"
        sine.amplitude = float(abs(spectrum[k]) / period)
        sine.phase_multiplier = speed
        offset = np.angle(spectrum[k]) + np.pi / 2 - speed * frame_start
        sine.phase_offset = float(np.angle(np.exp(1j * offset)))
        return curve
    if loops:
        values = np.append(values, values[0])
    write_keys(curve, frame_start + np.arange(len(values)), values)
    if loops:
        curve.modifiers.new("CYCLES")
    return curve


def write_keys(curve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray) -> None:
    """Replaces a curve's keys by straight pieces through values [T] at frames [T]."""
    curve.keyframe_points.clear()
    curve.keyframe_points.add(len(frames))
    points = np.stack([frames, values], 1).astype(np.float32)
    curve.keyframe_points.foreach_set("co", points.ravel())
    for point in curve.keyframe_points:
        point.interpolation = "LINEAR"
    curve.update()


def fresh_curve(key: bpy.types.Key, path: str) -> bpy.types.FCurve:
    """An empty F-curve of a property, in the shape keys' own action."""
    remove_curve(key, path)
    animation = key.animation_data or key.animation_data_create()
    if animation.action is None:
        animation.action = bpy.data.actions.new(f"{key.user.name} sway")
    return animation.action.fcurve_ensure_for_datablock(key, path)


def remove_curve(key: bpy.types.Key, path: str) -> None:
    for bag in _bags(key):
        for curve in [curve for curve in bag.fcurves if curve.data_path == path]:
            bag.fcurves.remove(curve)


def _bags(key: bpy.types.Key) -> list[bpy.types.ActionChannelbag]:
    """What holds the F-curves of the shape keys' slot."""
    animation = key.animation_data
    if animation is None or animation.action is None or animation.action_slot is None:
        return []
    bags = (strip.channelbag(animation.action_slot) for layer in animation.action.layers for strip in layer.strips)
    return [bag for bag in bags if bag is not None]
