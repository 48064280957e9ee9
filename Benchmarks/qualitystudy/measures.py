"""What is measured of an excerpt: samples are [channel, sample] at 48 kHz, full scale at 1."""

import math

import numpy as np
import zimtohrli
from visqol import VisqolApi

from .noise_to_mask import EAR, RATE, frames, noise_to_mask_ratio

# name: (what the table calls it, decimals, whether more is better)
MEASURES = {
    "nmr": ("NMR dB", 2, False),
    "pre_echo": ("pre-echo dB", 1, False),
    "level_difference": ("ILD error dB", 3, False),
    "coherence": ("ICC error", 4, False),
    "visqol": ("ViSQOL MOS", 3, True),
    "zimtohrli": ("zimtohrli × 10⁶", 0, False),
}


def pre_echo(reference: np.ndarray, decoded: np.ndarray) -> float:
    """Error in the 20 ms before an attack over the attack's own energy in the 10 ms after it, mean of attacks, in dB.

    An attack is a block of 2.5 ms that has 12 dB more than each of the eight blocks before it. 20 ms is about as far as
    a long block of MPEG-1 Layer III (1152 samples of window) spreads noise. NaN without attacks.
    """
    block = RATE // 400
    shares = []
    for before, after in zip(reference, decoded, strict=True):
        energies = (before[: len(before) // block * block].reshape(-1, block) ** 2).sum(axis=1)
        floor = 1e-7 * block  # -70 dBFS: attacks out of digital silence count too
        last = -8
        for index in range(8, len(energies) - 4):
            past = max(energies[index - 8 : index].max(), floor)
            if index - last < 8 or energies[index] < 16 * past:
                continue
            last = index
            start, end = (index - 8) * block, index * block
            error = ((before[start:end] - after[start:end]) ** 2).sum()
            shares.append(error / (before[end : end + 4 * block] ** 2).sum())
    return 10 * math.log10(max(np.mean(shares), 1e-12)) if shares else math.nan


def stereo_image(reference: np.ndarray, decoded: np.ndarray) -> tuple[float, float]:
    """RMS change of the level difference between the channels (ILD, dB) and mean change of their coherence (ICC, 0...1).

    In critical bands of 0.25 Bark and frames of 43 ms, where both channels are within 50 dB of the frame's loudest band.
    """
    before, after = _image(reference), _image(decoded)
    heard = before[2]
    if not heard.any():
        return math.nan, math.nan
    level = np.sqrt(((before[0] - after[0])[heard] ** 2).mean())
    return float(level), float(np.abs(before[1] - after[1])[heard].mean())


def _image(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right = (np.fft.rfft(frames(channel) * EAR.window) for channel in samples)
    energies = [np.abs(channel) ** 2 @ EAR.grouping.T + 1e-3 for channel in (left, right)]
    cross = np.abs((left * right.conj()) @ EAR.grouping.T)
    quieter = np.minimum(*energies)
    heard = quieter > 1e-5 * np.maximum(*energies).max(axis=1, keepdims=True)
    return 10 * np.log10(energies[0] / energies[1]), cross / np.sqrt(energies[0] * energies[1]), heard & (quieter > 10)


class Judges:
    """The perceptual models that are libraries, made once."""

    def __init__(self, visqol: bool) -> None:
        self.zimtohrli = zimtohrli.Pyohrli()
        self.visqol = VisqolApi() if visqol else None
        if self.visqol:
            # Both sides are aligned to the sample: looking for the best alignment would cost time alone.
            self.visqol.create(mode="audio", disable_global_alignment=True, disable_realignment=True, search_window=1)

    def measure(self, reference: np.ndarray, decoded: np.ndarray) -> dict[str, float]:
        channels = list(zip(reference, decoded, strict=True))
        found = {
            "nmr": float(np.mean([noise_to_mask_ratio(*channel) for channel in channels])),
            "pre_echo": pre_echo(reference, decoded),
            "zimtohrli": 1e6 * float(np.mean([
                self.zimtohrli.distance(before.astype(np.float32), after.astype(np.float32))
                for before, after in channels
            ])),
        }
        found["level_difference"], found["coherence"] = stereo_image(reference, decoded)
        if self.visqol:
            mono = reference.mean(axis=0), decoded.mean(axis=0)
            found["visqol"] = self.visqol.measure_from_arrays(*mono, RATE).moslqo
        return found
