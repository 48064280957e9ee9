"""What is encoded: excerpts of music, and short synthetic signals that are hard for a transform codec."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

RATE = 44_100


@dataclass
class Excerpt:
    name: str
    # The piece it is cut from: excerpts of one piece are no independent witnesses.
    source: str
    wav: Path
    synthetic: bool


def from_music(files: list[Path], count: int, seconds: float, folder: Path) -> list[Excerpt]:
    """`count` excerpts of each file, spread evenly over it, as 16-bit stereo WAV at 44.1 kHz."""
    excerpts = []
    for number, file in enumerate(files):
        length = float(subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file],
            check=True, capture_output=True, text=True,
        ).stdout)
        for index in range(count):
            start = max(0, (length - seconds) * (index + 1) / (count + 1))
            wav = folder / f"music-{number}-{index}.wav"
            subprocess.run(
                ["ffmpeg", "-v", "error", "-ss", f"{start:.3f}", "-t", str(seconds), "-i", file, "-map", "0:a:0",
                 "-ac", "2", "-ar", str(RATE), "-c:a", "pcm_s16le", wav],
                check=True,
            )
            excerpts.append(Excerpt(f"{file.stem} {start:.0f} s", str(file), wav, synthetic=False))
    return excerpts


def synthetic(seconds: float, folder: Path) -> list[Excerpt]:
    excerpts = []
    for name, make in SIGNALS.items():
        samples = make(np.random.default_rng(7), int(seconds * RATE))
        wav = folder / f"synthetic-{name.replace(' ', '-')}.wav"
        soundfile.write(wav, 0.5 * samples.T / np.abs(samples).max(), RATE, subtype="PCM_16")
        excerpts.append(Excerpt(name, name, wav, synthetic=True))
    return excerpts


def _decaying(length: int, milliseconds: float) -> np.ndarray:
    return np.exp(-np.arange(length) / (milliseconds / 1000 * RATE))


def castanets(random, length):
    """Clicks of noise out of silence, 5 ms long, at random places: pre-echo."""
    signal = np.zeros((2, length))
    for start in range(0, length - 8000, 7000):
        at = start + random.integers(0, 900)
        click = random.normal(size=3000) * _decaying(3000, 5)
        signal[:, at : at + 3000] += np.outer(random.uniform(0.4, 1, 2), click)
    return signal


def glockenspiel(random, length):
    """Struck inharmonic partials over silence: tonal attacks."""
    signal = np.zeros((2, length))
    for start in range(0, length - 20_000, 12_000):
        base = random.uniform(800, 2400)
        time = np.arange(20_000) / RATE
        note = sum(np.sin(2 * np.pi * base * part * time) * _decaying(20_000, 300 / part) for part in (1, 2.76, 5.4))
        signal[:, start : start + 20_000] += np.outer(random.uniform(0.3, 1, 2), note)
    return signal


def wide_cymbals(random, length):
    """Noise above 4 kHz, different in each channel, struck four times a second."""
    strokes = _decaying(length, 1e9)
    for start in range(0, length, RATE // 4):
        strokes[start : start + RATE // 4] = _decaying(len(strokes[start : start + RATE // 4]), 120)
    high = butter(4, 4000, "highpass", fs=RATE, output="sos")
    return np.stack([sosfilt(high, random.normal(size=length)) * strokes for _ in range(2)])


def pitch_pipe(random, length):
    """Forty harmonics of a slowly bent tone: tonal masking leaves little room."""
    phase = np.cumsum(2 * np.pi * (220 + 6 * np.sin(2 * np.pi * 0.7 * np.arange(length) / RATE)) / RATE)
    tone = sum(np.sin(part * phase + part) / part**0.5 for part in range(1, 41))
    return np.stack([tone, tone])


def opposed(random, length):
    """A side signal alone (right is left inverted) that beats with a tone in the middle."""
    time = np.arange(length) / RATE
    side = sosfilt(butter(2, [300, 6000], "bandpass", fs=RATE, output="sos"), random.normal(size=length))
    middle = 0.5 * np.sin(2 * np.pi * 997 * time)
    return np.stack([middle + side, middle - side])


def voices(random, length):
    """Pulse trains of two pitches through formants, one left and one right: speech-like, badly correlated."""
    time = np.arange(length) / RATE
    channels = []
    for pitch, formants in ((110, (700, 1220, 2600)), (196, (400, 1900, 2550))):
        phase = np.cumsum(pitch * (1 + 0.04 * np.sin(2 * np.pi * 3 * time)) / RATE)
        pulses = np.diff(np.floor(phase), prepend=0)
        bands = (butter(1, [0.9 * formant, 1.1 * formant], "bandpass", fs=RATE, output="sos") for formant in formants)
        channels.append(sum(sosfilt(band, pulses) for band in bands) * (1 + 0.8 * np.sin(2 * np.pi * 2 * time)))
    return np.stack(channels)


def chord_in_noise(random, length):
    """Thirty-two sines and white noise 30 dB down: every line needs bits at once."""
    time = np.arange(length) / RATE
    lines = random.uniform(100, 15_000, 32)
    chord = sum(np.sin(2 * np.pi * line * time + random.uniform(0, 6)) for line in lines)
    return np.stack([chord, np.roll(chord, 11)]) + 0.13 * random.normal(size=(2, length))


def gated_tones(random, length):
    """Full tones that start and stop without a ramp, panned hard in turns."""
    signal = np.zeros((2, length))
    for index, start in enumerate(range(0, length - 9000, 9000)):
        tone = np.sin(2 * np.pi * random.choice([440, 1318.5, 3520, 7902]) * np.arange(6000) / RATE)
        signal[index % 2, start : start + 6000] += tone
        signal[1 - index % 2, start : start + 6000] += 0.1 * tone
    return signal


SIGNALS = {
    "castanets": castanets, "glockenspiel": glockenspiel, "wide cymbals": wide_cymbals, "pitch pipe": pitch_pipe,
    "opposed sides": opposed, "two voices": voices, "chord in noise": chord_in_noise, "gated tones": gated_tones,
}
