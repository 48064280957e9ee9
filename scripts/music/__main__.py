"""Renders the EP, or a long piece made of its four for benchmarks. Started by scripts/make-music."""

import argparse
import json
import pathlib
import sys
import tempfile

from . import cover, first_cut, parting_off, slow_feed, three_jaw_lullaby
from .render import loudness, master, perform
from .score import Score

ARTIST, ALBUM, GENRE = "The Turning Shop", "Swarf", "Instrumental"
PIECES = (first_cut, slow_feed, three_jaw_lullaby, parting_off)


class Track:
    """How one piece of the EP is stored; `seconds` is its length with the end of its reverberation."""

    def __init__(self, piece, file, *, sample_rate, bits, seconds, mono=False):
        self.piece, self.file, self.sample_rate, self.bits = piece, file, sample_rate, bits
        self.seconds, self.mono = seconds, mono

    def tags(self):
        number = f"{EP.index(self) + 1}/{len(EP)}"
        return {"title": self.piece.TITLE, "artist": ARTIST, "album": ALBUM, "track": number, "genre": GENRE}

    def render(self, folder):
        score = Score(seed=self.piece.TITLE)
        self.piece.play(score)
        with tempfile.TemporaryDirectory() as scratch:
            raw = pathlib.Path(scratch) / "raw.wav"
            perform(score, raw, sample_rate=self.sample_rate)
            master(
                raw,
                folder / self.file,
                sample_rate=self.sample_rate,
                bits=self.bits,
                seconds=self.seconds,
                mono=self.mono,
                tags=self.tags(),
            )
        return folder / self.file


EP = (
    Track(first_cut, "01-first-cut.flac", sample_rate=44_100, bits=16, seconds=32.5),
    Track(slow_feed, "02-slow-feed.wav", sample_rate=48_000, bits=24, seconds=22),
    Track(three_jaw_lullaby, "03-three-jaw-lullaby.flac", sample_rate=44_100, bits=16, seconds=36, mono=True),
    Track(parting_off, "04-parting-off.flac", sample_rate=96_000, bits=24, seconds=20),
)


def write_release(path):
    """Writes what the catalogue says about the EP, for the demo. ZZ is a country no ISRC agency stands for."""
    tracks = [
        {"file": track.file, "title": track.piece.TITLE, "isrc": f"ZZLTH26{number:05}"}
        for number, track in enumerate(EP, start=1)
    ]
    release = {"artist": ARTIST, "title": ALBUM, "genre": GENRE, "cover": "cover.jpg", "tracks": tracks}
    path.write_text(json.dumps(release, indent=2) + "\n")


def render_long(minutes, folder):
    """Plays the four pieces again and again, each time in another key and with another hand, for so many minutes."""
    score, beat, turn = Score(seed=minutes), 0.0, 0
    keys = (0, 2, -3, 5, -1, 3, -4, 1, -2, 4)
    while score.seconds(beat) < minutes * 60:
        score.section(beat)
        beat += PIECES[turn % len(PIECES)].play(score, transpose=keys[turn // len(PIECES) % len(keys)])
        turn += 1
    destination = folder / f"long-{minutes:g}min.wav"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        raw = pathlib.Path(scratch) / "raw.wav"
        perform(score, raw, sample_rate=44_100)
        master(raw, destination, sample_rate=44_100, bits=16, seconds=minutes * 60)
    return destination


def main():
    parser = argparse.ArgumentParser(prog="scripts/make-music", description=__doc__)
    parser.add_argument("--into", type=pathlib.Path, required=True, metavar="FOLDER", help="where the files go")
    parser.add_argument(
        "--minutes", type=float, help="render one piece of this length instead of the EP (44.1 kHz, 16 bits)"
    )
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    if arguments.minutes is not None:
        if not 0.5 <= arguments.minutes <= 180:
            sys.exit("make-music: --minutes must lie between 0.5 and 180")
        files = [render_long(arguments.minutes, arguments.into)]
    else:
        files = [track.render(arguments.into) for track in EP]
        cover.write(arguments.into / "cover.jpg")
        write_release(arguments.into / "release.json")
    for file in files:
        integrated, peak = loudness(file)
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {integrated:.1f} LUFS, peak {peak:.1f} dBTP")


main()
