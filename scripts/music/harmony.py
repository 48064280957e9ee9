"""Chord symbols, and voicings that move as little as they can from one chord to the next."""

import itertools
import re

from .score import pitch

# Semitones above the root, the notes that colour the chord first.
_QUALITIES = {
    "": (4, 7, 12),
    "m": (3, 7, 12),
    "add9": (4, 2, 7),
    "sus4": (5, 7, 12),
    "6": (4, 9, 7),
    "m6": (3, 9, 7),
    "7": (4, 10, 7),
    "maj7": (4, 11, 7),
    "m7": (3, 10, 7),
    "m7b5": (3, 10, 6),
    "7sus4": (5, 10, 7),
    "dim7": (3, 9, 6),
    "9": (4, 10, 2),
    "maj9": (4, 11, 2),
    "m9": (3, 10, 2),
    "13": (4, 10, 9),
    "7b9": (4, 10, 1),
}


class Chord:
    """A chord symbol such as F#m7, Gmaj9 or C/E: its bass and its colour notes as pitch classes."""

    def __init__(self, symbol):
        body, _, bass = symbol.partition("/")
        root, quality = re.fullmatch(r"([A-G][#b]?)(.*)", body).groups()
        self.root = pitch(root + "0") % 12
        self.bass = pitch((bass or root) + "0") % 12
        self.intervals = _QUALITIES[quality]
        self.classes = [(self.root + interval) % 12 for interval in self.intervals]

    def bass_key(self, low):
        """The bass note at or above the key `low`."""
        return low + (self.bass - low) % 12

    def fifth_key(self, low):
        fifth = 6 if 6 in self.intervals else 7
        return low + (self.root + fifth - low) % 12

    def third_key(self, low):
        return low + (self.root + self.intervals[0] - low) % 12


def chords(text):
    """Reads "Dadd9 4 | Bm7 4" as (chord, start, beats) triples."""
    tokens = text.replace("|", " ").split()
    beat, progression = 0.0, []
    for symbol, length in zip(tokens[::2], tokens[1::2], strict=True):
        progression.append((Chord(symbol), beat, float(length)))
        beat += float(length)
    return progression


def voicings(progression, centre, *, root=False):
    """Keys for every chord around the key `centre`, chosen so that the hand moves least between neighbours."""
    previous, result = None, []
    for chord, _, _ in progression:
        classes = chord.classes + ([chord.root] if root and chord.root not in chord.classes else [])
        places = [[key for key in range(centre - 9, centre + 10) if key % 12 == wanted] for wanted in classes]
        candidates = [sorted(keys) for keys in itertools.product(*places) if len(set(keys)) == len(keys)]
        best = min(candidates, key=lambda keys: _cost(keys, previous, centre))
        result.append(best)
        previous = best
    return result


def _cost(keys, previous, centre):
    gaps = [upper - lower for lower, upper in itertools.pairwise(keys)]
    # Close seconds in the middle of a chord sound muddy, a wide stretch sounds hollow.
    shape = (
        sum(4 for gap in gaps if gap < 2) + max(0, keys[-1] - keys[0] - 14) + 0.3 * abs(sum(keys) / len(keys) - centre)
    )
    return shape if previous is None else shape + sum(min(abs(key - old) for old in previous) for key in keys)
