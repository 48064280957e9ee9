"""A score in beats, and its Standard MIDI File (RP-001)."""

import itertools
import math
import random
import re
import struct

TICKS_PER_BEAT = 960
DRUM_CHANNEL = 9

# General MIDI programs, counted from 0 as they are sent.
PIANO, ELECTRIC_PIANO, VIBRAPHONE, NYLON_GUITAR, CLEAN_GUITAR = 0, 4, 11, 24, 27
UPRIGHT_BASS, FINGERED_BASS, CELLO, HARP, TIMPANI = 32, 33, 42, 46, 47
STRINGS, SLOW_STRINGS, CHOIR, FRENCH_HORN, CLARINET, FLUTE = 48, 49, 52, 60, 71, 73
# Drum kits of the General MIDI 2 numbering that the soundfont follows.
STANDARD_KIT, BRUSH_KIT, ORCHESTRA_KIT = 0, 40, 48

PAN, EXPRESSION, SUSTAIN, VOLUME, REVERB, CHORUS = 10, 11, 64, 7, 91, 93

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitch(name):
    """MIDI key number of a note name such as F#4 or Bb2 (C4 = 60)."""
    step, accidentals, octave = re.fullmatch(r"([A-G])([#b]*)(-?\d)", name).groups()
    return _STEPS[step] + accidentals.count("#") - accidentals.count("b") + 12 * (int(octave) + 1)


def melody(text):
    """Reads "F#5 1.5 | A5 .5 | - 1" as (key or None for a rest, start, beats) triples from beat 0; bars are ignored."""
    tokens = text.replace("|", " ").split()
    beat, notes = 0.0, []
    for name, length in zip(tokens[::2], tokens[1::2], strict=True):
        notes.append((None if name == "-" else pitch(name), beat, float(length)))
        beat += float(length)
    return notes


class Part:
    """One instrument: a channel with its program and place in the room."""

    def __init__(self, score, channel, program, *, volume, pan=64, reverb=40, chorus=0, transpose=0):
        self.score, self.channel, self.transpose = score, channel, transpose
        score.event(score.origin, (0xC0 | channel, program))
        for controller, value in (
            (VOLUME, volume),
            (PAN, pan),
            (REVERB, reverb),
            (CHORUS, chorus),
            (EXPRESSION, 127),
            (SUSTAIN, 0),
        ):
            score.event(score.origin, (0xB0 | channel, controller, value))

    def note(self, key, start, length, velocity, *, loose=0.0):
        """Plays a key for `length` beats; `loose` is the standard deviation of a hand in seconds."""
        score = self.score
        start = score.origin + start + score.random.gauss(0, 1) * loose * score.beats_per_second
        velocity = max(1, min(127, round(velocity + score.random.gauss(0, 2.5))))
        key += self.transpose
        score.event(max(score.origin, start), (0x90 | self.channel, key, velocity), order=2)
        score.event(max(score.origin, start) + length, (0x80 | self.channel, key, 0), order=0)

    def control(self, controller, beat, value):
        self.score.event(self.score.origin + beat, (0xB0 | self.channel, controller, max(0, min(127, round(value)))))

    def swell(self, start, end, low, high):
        """Moves the expression evenly from low to high between two beats."""
        steps = max(2, int((end - start) * 8))
        for step in range(steps + 1):
            self.control(EXPRESSION, start + (end - start) * step / steps, low + (high - low) * step / steps)

    def sing(self, notes, velocity, *, loose=0.008, legato=0.96):
        """Plays a melody with a little more weight on higher and longer notes, as a player would."""
        keys = [key for key, _, _ in notes if key is not None]
        middle = sum(keys) / len(keys)
        for key, start, length in notes:
            if key is not None:
                weight = 0.8 * (key - middle) + (4 if length >= 1.5 else 0) + (3 if start % 1 == 0 else 0)
                self.note(key, start, length * legato, velocity + weight, loose=loose)

    def strum(self, keys, start, length, velocity, *, spread=0.0, loose=0.004):
        """Plays keys together, from the lowest, each `spread` beats after the one before."""
        for index, key in enumerate(sorted(keys)):
            self.note(key, start + index * spread, length - index * spread, velocity - index, loose=loose)


class Score:
    """Events of all parts. Beats count from `origin`, which `section` moves, so that pieces can follow each other."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.origin = 0.0
        self.beats_per_second = 2.0
        self._events = []
        self._tempos = []

    def event(self, beat, data, order=1):
        self._events.append((round(beat * TICKS_PER_BEAT), order, len(self._events), bytes(data)))

    def tempo(self, beat, beats_per_minute):
        self.beats_per_second = beats_per_minute / 60
        self._tempos.append((self.origin + beat, self.beats_per_second))
        microseconds = round(60_000_000 / beats_per_minute)
        self.event(self.origin + beat, b"\xff\x51\x03" + microseconds.to_bytes(3, "big"), order=-1)

    def seconds(self, beat):
        """When a beat, counted from the score's start, sounds. Tempos have to be set in order."""
        changes = itertools.pairwise([*self._tempos, (math.inf, 0.0)])
        return sum((min(beat, end) - start) / speed for (start, speed), (end, _) in changes if start < beat)

    def section(self, origin):
        self.origin = origin

    def midi(self):
        """The bytes of a Standard MIDI File of format 0: all events in one track."""
        track, now = bytearray(), 0
        for tick, _, _, data in sorted(self._events):
            track += _variable_length(tick - now) + data
            now = tick
        track += _variable_length(0) + b"\xff\x2f\x00"
        header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_BEAT)
        return header + struct.pack(">4sI", b"MTrk", len(track)) + bytes(track)


def _variable_length(value):
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))
