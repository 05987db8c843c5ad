"""Looping F-curves on shape keys: a sine where a signal is one, else keys that repeat for ever."""

from __future__ import annotations

import bpy
import numpy as np


def animate_loop(
    key: bpy.types.Key, path: str, amplitudes: np.ndarray, frame_start: float, period: float
) -> bpy.types.FCurve | None:
    """Animates a property as Re sum_k amplitudes[k] exp(2 pi i k (frame - frame_start) / period); earlier curves go.

    One harmonic becomes an empty curve with a sine modifier, several become a key a frame with a Cycles modifier: both
    can be edited in the Graph Editor. A signal that stays 0 gets no curve (None).
    """
    harmonics = np.flatnonzero(np.abs(amplitudes) > 1e-6 * np.abs(amplitudes).max(initial=0))
    curve = fresh_curve(key, path)
    if len(harmonics) == 0:
        remove_curve(key, path)
        return None
    if len(harmonics) == 1 and harmonics[0]:
        k = int(harmonics[0])
        # a cos(x + phi) = a sin(x + phi + pi / 2)
        speed = 2 * np.pi * k / period
        sine = curve.modifiers.new("FNGENERATOR")
        sine.function_type = "SIN"
        sine.amplitude = float(np.abs(amplitudes[k]))
        sine.phase_multiplier = speed
        offset = np.angle(amplitudes[k]) + np.pi / 2 - speed * frame_start
        sine.phase_offset = float(np.angle(np.exp(1j * offset)))
        return curve
    frames = np.arange(round(period) + 1)
    turns = np.exp(2j * np.pi * np.outer(frames / period, np.arange(len(amplitudes))))
    write_keys(curve, frame_start + frames, (turns @ amplitudes).real)
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


def curve_of(key: bpy.types.Key, path: str) -> bpy.types.FCurve | None:
    """The F-curve that moves a property."""
    return next((curve for bag in _bags(key) for curve in bag.fcurves if curve.data_path == path), None)


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
