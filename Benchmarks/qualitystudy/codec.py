"""One encode and decode by ffmpeg: the same LAME, the same settings by the same names as Lathe's profile uses."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from .noise_to_mask import RATE


@dataclass(frozen=True)
class Setting:
    """`level`: ffmpeg's compression_level, LAME's quality 0...9; None leaves it unset."""

    level: int | None
    reservoir: bool = True
    joint_stereo: bool = True

    def __str__(self) -> str:
        level = "unset" if self.level is None else str(self.level)
        return level + ("" if self.reservoir else ", no reservoir") + ("" if self.joint_stereo else ", left/right")

    def arguments(self, bit_rate: int) -> list[str]:
        level = [] if self.level is None else ["-compression_level", str(self.level)]
        return [
            "-c:a", "libmp3lame", "-b:a", f"{bit_rate}k", *level,
            "-reservoir", str(int(self.reservoir)), "-joint_stereo", str(int(self.joint_stereo)),
        ]


PROFILE = Setting(4)
CORE = [Setting(level) for level in (None, 0, 2, 3, 4, 5, 7)] + [
    Setting(4, reservoir=False), Setting(4, joint_stereo=False), Setting(4, reservoir=False, joint_stereo=False),
]


def encode(wav: Path, mp3: Path, setting: Setting, bit_rate: int) -> float:
    """CPU seconds of the encode."""
    process = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-i", wav, "-map", "0:a", *setting.arguments(bit_rate), mp3]
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"quality: ffmpeg could not encode {wav} with {setting} (it said why above)")
    return usage.ru_utime + usage.ru_stime


def samples_at_48_kilohertz(file: Path, scratch: Path) -> np.ndarray:
    """[channel, sample]; both sides of a comparison go through the same resampler."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", file, "-map", "0:a", "-af", f"aresample={RATE}:resampler=soxr",
         "-c:a", "pcm_f32le", scratch],
        check=True,
    )
    return soundfile.read(scratch, dtype="float64", always_2d=True)[0].T


def round_trip(wav: Path, setting: Setting, bit_rate: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Reference and decoded samples, of one length: ffmpeg cuts the encoder's delay and padding by the Info tag."""
    mp3, scratch = folder / f"{wav.stem}.mp3", folder / f"{wav.stem}-48k.wav"
    encode(wav, mp3, setting, bit_rate)
    reference, decoded = samples_at_48_kilohertz(wav, scratch), samples_at_48_kilohertz(mp3, scratch)
    # ffmpeg's own Info tag is up to 46 samples too long for some lengths.
    length = min(reference.shape[1], decoded.shape[1])
    mp3.unlink()
    scratch.unlink()
    return reference[:, :length], decoded[:, :length]
