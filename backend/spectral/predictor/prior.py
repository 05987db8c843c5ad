"""How strongly plants in films sway at each frequency, the measure of what the predictor shows by default.

Standard deviation per frequency of the Fourier transform of the optical flow of 7,218 clips of 149 frames at 256 pixels
width (fltwr/generative-image-dynamics, `fft_std.npy`). A real or imaginary part's deviation d is a one-sided amplitude
of 2 sqrt(2) d / 149.
"""

from __future__ import annotations

import numpy as np

DURATION = 5.0
"""Seconds: one period of the slowest frequency."""
FREQUENCIES = np.arange(1, 17) / DURATION
"""[K], hertz."""
WIDTH = 256
"""Pixels of the pictures that `AMPLITUDES` are measured on."""
AMPLITUDES = np.array(
    [0.261, 0.167, 0.138, 0.113, 0.101, 0.0987, 0.0939, 0.0872, 0.0859, 0.0735, 0.0662, 0.0623, 0.0549, 0.0466, 0.0441]
    + [0.0353]
)
"""[K]: root mean square of |S_k| along one axis, pixels."""
