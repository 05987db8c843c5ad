"""Wind and the damped oscillator that it drives: the time course of a plant's tip.

Chuang et al. 2005 (Animating Pictures with Stochastic Motion Textures), section 4.1. They solve the oscillator in
frequency space, which makes a loop (`loop_response`); motion that starts from rest is integrated exactly instead
(`response`): explicit Euler at a film's frame rate blows up for lightly damped motion.
"""

from __future__ import annotations

import numpy as np

WIND_KAPPA = 1.0
"""Constant of the wind spectrum, metres: height above ground over the surface's drag, in Simiu & Scanlan's form."""


def wind_spectrum(frequencies: np.ndarray, mean_speed: float) -> np.ndarray:
    """Power of the wind's speed [K] at frequencies [K] (Hz) for a mean speed in m/s (Simiu & Scanlan 1986).

    Unnormalised: only its shape matters here, the caller sets the amplitude.
    """
    return mean_speed / (1 + WIND_KAPPA * frequencies / mean_speed) ** (5 / 3)


def wind_coefficients(frequencies: np.ndarray, mean_speed: float, random: np.random.Generator) -> np.ndarray:
    """One random gusty wind as complex amplitudes W(f) [K]: Gaussian noise times the root of the spectrum."""
    noise = random.normal(size=(2, len(frequencies)))
    return (noise[0] + 1j * noise[1]) / np.sqrt(2) * np.sqrt(wind_spectrum(frequencies, mean_speed))


def wind(count: int, step: float, mean_speed: float, random: np.random.Generator) -> np.ndarray:
    """Fluctuation of the wind around its mean [count], unit variance, `step` seconds apart."""
    # Synthesised over twice the time and cut: the Fourier sum repeats, weather does not.
    frequencies = np.fft.rfftfreq(2 * count, step)
    coefficients = wind_coefficients(frequencies, mean_speed, random)
    coefficients[0] = 0
    fluctuation = np.fft.irfft(coefficients, 2 * count)
    return fluctuation[:count] / fluctuation.std()


def loop_response(coefficients: np.ndarray, frequencies: np.ndarray, natural: float, damping: float) -> np.ndarray:
    """Steady state D(f) [K] of the oscillator under a periodic force W(f) [K] (Chuang et al. 2005, eq. 2).

    `natural` in hertz, `damping` as a ratio to critical. The force is in units of the static displacement it causes.
    """
    return coefficients * natural**2 / (natural**2 - frequencies**2 + 2j * damping * natural * frequencies)


def response(force: np.ndarray, step: float, natural: float, damping: float) -> np.ndarray:
    """Displacement [S + 1] of the oscillator, at rest at index 0, under a force [S] held during each `step` seconds.

    Solves d'' + 2 z w d' + w^2 d = w^2 force exactly (zero-order hold), so the force is in units of the static
    displacement it causes. `natural` = w / 2 pi in hertz; `damping` = z, a ratio to critical, in [0, 1).
    """
    w = 2 * np.pi * natural
    wd = w * np.sqrt(1 - damping**2)
    decay, c, s = np.exp(-damping * w * step), np.cos(wd * step), np.sin(wd * step)
    lag = damping * w / wd
    keep = decay * (c + lag * s)
    position = np.zeros(len(force) + 1)
    d = v = 0.0
    for i, f in enumerate(force):
        d, v = (
            keep * d + decay * s / wd * v + (1 - keep) * f,
            -decay * s * w**2 / wd * d + decay * (c - lag * s) * v + decay * s * w**2 / wd * f,
        )
        position[i + 1] = d
    return position
