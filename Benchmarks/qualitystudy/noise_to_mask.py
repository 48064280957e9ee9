"""Noise-to-mask ratio by ITU-R BS.1387-2 (PEAQ), basic version, FFT-based ear model (annex 2, 2.1 and 4.3).

Formulas and constants as in the recommendation; where it leaves them open, as in P. Kabal, "An Examination and
Interpretation of ITU-R BS.1387", McGill University, 2003. Of PEAQ's eleven variables this is the one that says
how far coding noise stays below what the music masks; no neural network comes after it.
"""

import math

import numpy as np

RATE = 48_000
FRAME = 2048
HOP = 1024
# dB SPL of a full-scale sine: the recommendation's listening level when none is known.
LISTENING_LEVEL = 92.0
BAND_WIDTH = 0.25  # Bark
LOWEST, HIGHEST = 80.0, 18_000.0  # Hz


def bark(hertz):
    """Schroeder's approximation, which BS.1387 uses."""
    return 7 * np.arcsinh(np.asarray(hertz) / 650)


def hertz(barks):
    return 650 * np.sinh(np.asarray(barks) / 7)


def frames(samples: np.ndarray) -> np.ndarray:
    """[frame, sample], each half over the next."""
    return np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]


class EarModel:
    """The parts of the model that do not depend on the signal."""

    def __init__(self) -> None:
        frequencies = np.arange(FRAME // 2 + 1) * RATE / FRAME
        # Hann window with the gain that gives a full-scale sine between two bins the listening level.
        window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1)))
        self.window = window * 10 ** (LISTENING_LEVEL / 20) / (0.84971762641205 / 4 * (FRAME - 1))
        kilohertz = np.maximum(frequencies, 1) / 1000
        self.outer_ear = 10 ** (
            (-2.184 * kilohertz**-0.8 + 6.5 * np.exp(-0.6 * (kilohertz - 3.3) ** 2) - 1e-3 * kilohertz**3.6) / 20
        )
        self.outer_ear[0] = 0

        lowest, highest = bark(LOWEST), bark(HIGHEST)
        self.bands = math.ceil((highest - lowest) / BAND_WIDTH)
        edges = np.minimum(lowest + BAND_WIDTH * np.arange(self.bands + 1), highest)
        centres = hertz((edges[:-1] + edges[1:]) / 2)
        # The share of each bin that lies in each band.
        low, high = hertz(edges[:-1]), hertz(edges[1:])
        bin_low, bin_high = frequencies - RATE / FRAME / 2, frequencies + RATE / FRAME / 2
        overlap = np.minimum(high[:, None], bin_high) - np.maximum(low[:, None], bin_low)
        self.grouping = np.maximum(overlap, 0) / (RATE / FRAME)

        self.internal_noise = 10 ** (0.1456 * (centres / 1000) ** -0.8)
        self.distance = BAND_WIDTH * (np.arange(self.bands)[:, None] - np.arange(self.bands))  # [to, from], Bark
        self.upper_slope = -24 - 230 / centres  # dB a Bark, of a band of 0 dB
        self.spread_of_one = self._spread_sum(np.ones((1, self.bands)))[0]
        barks = np.arange(self.bands) * BAND_WIDTH
        offset = np.where(barks <= 12, 3, 0.25 * barks)
        self.mask_offset = 10 ** (offset / 10)
        time_constant = 0.008 + 100 / centres * (0.030 - 0.008)
        self.decay = np.exp(-HOP / (RATE * time_constant))

    def _spread_sum(self, energies: np.ndarray) -> np.ndarray:
        slope = self.upper_slope + 2 * np.log10(energies)  # [frame, from]
        decibels = np.where(
            self.distance[None] >= 0, self.distance[None] * slope[:, None, :], 27 * self.distance[None]
        )
        shape = 10 ** (decibels / 10)
        shape *= (energies / shape.sum(axis=1))[:, None, :]
        return (shape**0.4).sum(axis=2) ** 2.5

    def spectra(self, samples: np.ndarray) -> np.ndarray:
        """Magnitudes at the inner ear, [frame, bin]; samples are full scale at 1."""
        return np.abs(np.fft.rfft(frames(samples) * self.window)) * self.outer_ear

    def mask(self, spectra: np.ndarray) -> np.ndarray:
        """The energy that noise may have in each band before it is heard, [frame, band]."""
        energies = np.maximum(spectra**2 @ self.grouping.T, 1e-12) + self.internal_noise
        spread = np.concatenate([
            self._spread_sum(part) for part in np.array_split(energies, max(1, len(energies) // 64))
        ]) / self.spread_of_one
        smeared = np.empty_like(spread)
        state = np.zeros(self.bands)
        for index, frame in enumerate(spread):
            state = self.decay * state + (1 - self.decay) * frame
            smeared[index] = np.maximum(state, frame)
        return smeared / self.mask_offset


EAR = EarModel()


def noise_to_mask_ratio(reference: np.ndarray, decoded: np.ndarray) -> float:
    """Total NMR in dB of one channel at 48 kHz: the mean over frames and bands of noise over mask.

    Noise is the difference of the magnitudes, as in the recommendation. Frames without sound in the reference (no
    five neighbouring samples whose sum reaches 200 of 32768) are left out, as there.
    """
    spectra = EAR.spectra(reference)
    noise = (spectra - EAR.spectra(decoded)) ** 2 @ EAR.grouping.T
    ratios = (noise / EAR.mask(spectra)).mean(axis=1)
    loudest = np.convolve(np.abs(reference), np.ones(5), mode="same")
    heard = frames(loudest).max(axis=1) >= 200 / 32_768
    if not heard.any():
        return math.nan
    return 10 * math.log10(max(ratios[heard].mean(), 1e-12))


def check_the_model() -> None:
    """Raises AssertionError where the model contradicts what BS.1387 prescribes."""
    assert EAR.bands == 109, f"{EAR.bands} bands instead of 109"
    seconds = np.arange(RATE) / RATE
    sine = np.sin(2 * np.pi * 1019.5 * seconds)
    level = 20 * np.log10(np.abs(np.fft.rfft(frames(sine) * EAR.window)).max())
    assert abs(level - LISTENING_LEVEL) < 0.1, f"a full-scale sine has {level:.2f} dB SPL"
    # Noise 20 dB below itself is 20 dB below; its magnitudes' differences are half of the noise's power.
    random = np.random.default_rng(1)
    noise, other = random.normal(0, 0.1, (2, 5 * RATE))
    quiet, louder = (noise_to_mask_ratio(noise, noise + gain * other) for gain in (0.01, 0.02))
    assert abs(louder - quiet - 20 * math.log10(2)) < 0.1, f"6.02 dB more noise gives {louder - quiet:.2f} dB more NMR"
    assert noise_to_mask_ratio(noise, noise) < -100
