"""The whole study: speed, then every excerpt through every setting, then the tables."""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from . import excerpts
from .codec import CORE, PROFILE, Setting, encode, round_trip
from .measures import MEASURES, Judges
from .noise_to_mask import check_the_model
from .statistics import interval, markdown, verdict


def run(options: argparse.Namespace, folder: Path) -> None:
    check_the_model()
    settings = CORE if not options.quick else [Setting(None), PROFILE, Setting(7)]
    print(f"{options.bit_rate} kbit/s · {_versions()}\n", flush=True)
    speeds = _speeds(options, settings, folder)
    material = excerpts.from_music(options.music, options.excerpts, options.seconds, folder)
    material += excerpts.synthetic(options.seconds, folder)
    found = _measured(options, settings, material, folder)
    _report(settings, speeds, material, found)
    if options.json:
        options.json.write_text(json.dumps({
            "bit_rate": options.bit_rate,
            "speed": {str(setting): speed for setting, speed in speeds.items()},
            "excerpts": [
                {"name": excerpt.name, "source": excerpt.source, "settings": {
                    str(setting): {
                        # JSON has no NaN: the measure does not exist for this excerpt.
                        name: None if math.isnan(value) else value
                        for name, value in found[setting, excerpt.wav].items()
                    } for setting in settings
                }} for excerpt in material
            ],
        }, indent=2, allow_nan=False) + "\n")


def _versions() -> str:
    ffmpeg = subprocess.run(["ffmpeg", "-version"], check=True, capture_output=True, text=True).stdout.split()[2]
    lame = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.1", "-c:a", "libmp3lame", "-b:a", "320k", "-f", "mp3", "-"],
        check=True, capture_output=True).stdout
    at = lame.find(b"LAME")
    return f"ffmpeg {ffmpeg}, {lame[at : at + 9].decode('ascii', 'replace')}, {platform.machine()}"


def _speeds(options: argparse.Namespace, settings: list[Setting], folder: Path) -> dict[Setting, float]:
    """CPU of an unset level over the setting's: more is faster."""
    whole = folder / "whole.wav"
    lists = folder / "whole.txt"
    parts = []
    for number, file in enumerate(options.music):
        part = folder / f"whole-{number}.wav"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-t", "10" if options.quick else "240", "-i", file, "-map", "0:a:0", "-ac", "2",
             "-ar", str(excerpts.RATE), "-c:a", "pcm_s16le", part],
            check=True,
        )
        parts.append(part)
    lists.write_text("".join(f"file '{part.name}'\n" for part in parts))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "concat", "-i", lists, "-c", "copy", whole], check=True)
    rounds = []
    for _ in range(options.rounds):
        seconds = {setting: encode(whole, folder / "whole.mp3", setting, options.bit_rate) for setting in settings}
        rounds.append({setting: seconds[Setting(None)] / seconds[setting] for setting in settings})
    return {setting: statistics.median(one[setting] for one in rounds) for setting in settings}


def _measured(
    options: argparse.Namespace, settings: list[Setting], material: list[excerpts.Excerpt], folder: Path
) -> dict[tuple[Setting, Path], dict[str, float]]:
    found = {}
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        jobs = [
            pool.submit(_one_excerpt, excerpt, settings, options.bit_rate, folder, not options.quick)
            for excerpt in material
        ]
        for number, (excerpt, job) in enumerate(zip(material, jobs, strict=True), start=1):
            for setting, figures in job.result().items():
                found[setting, excerpt.wav] = figures
            print(f"{number} of {len(material)}: {excerpt.name}", file=sys.stderr, flush=True)
    return found


def _one_excerpt(
    excerpt: excerpts.Excerpt, settings: list[Setting], bit_rate: int, folder: Path, visqol: bool
) -> dict[Setting, dict[str, float]]:
    judges = Judges(visqol)
    return {setting: judges.measure(*round_trip(excerpt.wav, setting, bit_rate, folder)) for setting in settings}


def _report(
    settings: list[Setting], speeds: dict[Setting, float], material: list[excerpts.Excerpt],
    found: dict[tuple[Setting, Path], dict[str, float]],
) -> None:
    measures = [name for name in MEASURES if name in found[PROFILE, material[0].wav]]
    music = sum(not excerpt.synthetic for excerpt in material)
    print(f"**Means and the worst of {music} excerpts of music and {len(material) - music} synthetic signals**\n")
    rows = []
    for setting in settings:
        row = [f"**{setting}**" if setting == PROFILE else str(setting), f"{speeds[setting]:.2f}"]
        for name in measures:
            _, decimals, more_is_better = MEASURES[name]
            values = _values(found, setting, material, name)
            worst = values.min() if more_is_better else values.max()
            row.append(f"{values.mean():.{decimals}f} / {worst:.{decimals}f}")
        rows.append(row)
    print(markdown(["level", "speed", *(MEASURES[name][0] for name in measures)], rows))

    sources = len({excerpt.source for excerpt in material})
    print(f"\n**Difference to level {PROFILE} on the same {sources} pieces and signals: mean and 95 % interval**\n")
    rows = []
    for setting in settings:
        if setting == PROFILE:
            continue
        row = [str(setting)]
        for name in measures:
            _, decimals, more_is_better = MEASURES[name]
            differences = _by_source(found, setting, material, name) - _by_source(found, PROFILE, material, name)
            bounds = interval(differences)
            row.append(
                f"{differences.mean():+.{decimals}f} ({bounds[0]:+.{decimals}f} … {bounds[1]:+.{decimals}f}) "
                f"{verdict(bounds, len(differences), more_is_better)}")
        rows.append(row)
    print(markdown(["level", *(MEASURES[name][0] for name in measures)], rows))


def _values(
    found: dict[tuple[Setting, Path], dict[str, float]], setting: Setting, material: list[excerpts.Excerpt], name: str
) -> np.ndarray:
    """Of the excerpts for which the measure exists; whether it does depends on the excerpt alone."""
    values = [found[setting, excerpt.wav][name] for excerpt in material]
    return np.array([value for value in values if not math.isnan(value)])


def _by_source(
    found: dict[tuple[Setting, Path], dict[str, float]], setting: Setting, material: list[excerpts.Excerpt], name: str
) -> np.ndarray:
    """One mean for each piece of music or signal."""
    sources: dict[str, list[float]] = {}
    for excerpt in material:
        value = found[setting, excerpt.wav][name]
        if not math.isnan(value):
            sources.setdefault(excerpt.source, []).append(value)
    return np.array([np.mean(values) for values in sources.values()])
