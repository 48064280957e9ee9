"""Parting Off: strings, horn, choir, harp and timpani, from C minor to C major. 112 beats a minute."""

from . import score as gm
from .harmony import chords, voicings
from .score import Part, melody

TITLE = "Parting Off"

_PROGRESSION = chords("""
    Cm 4 | Abmaj7 4 | Fm7 4 | G7sus4 2 G 2 | Eb 4 | Bb/D 4 | Fm7 2 G 2 | C 5
""")
_MELODY = melody("""
    G3 2 C4 1 D4 1 | Eb4 3 C4 1 | F4 1.5 Eb4 .5 C4 1 Ab3 1 | C4 2 B3 1 G3 1 |
    G4 2 Bb4 1 G4 1 | F4 3 D4 1 | C5 1 Ab4 1 B4 1 D5 1 | C5 4.5
""")
_LAST_BAR = 28
_BASS_DRUM, _SNARE, _CYMBALS = 36, 38, 49
_PIZZICATO, _CONTRABASS = 45, 43


def play(score, transpose=0):
    """Writes the piece at the score's origin and returns its length in beats."""
    score.tempo(0, 112)
    score.tempo(26, 104)
    score.tempo(_LAST_BAR, 92)
    strings = Part(score, 0, gm.STRINGS, volume=104, pan=50, reverb=60, transpose=transpose)
    ostinato = Part(score, 1, _PIZZICATO, volume=96, pan=36, reverb=55, transpose=transpose)
    basses = Part(score, 2, _CONTRABASS, volume=88, pan=80, reverb=50, transpose=transpose)
    horn = Part(score, 3, gm.FRENCH_HORN, volume=102, pan=72, reverb=75, transpose=transpose)
    choir = Part(score, 4, gm.CHOIR, volume=78, pan=64, reverb=90, transpose=transpose)
    harp = Part(score, 5, gm.HARP, volume=92, pan=100, reverb=60, transpose=transpose)
    timpani = Part(score, 6, gm.TIMPANI, volume=114, pan=60, reverb=60, transpose=transpose)
    drums = Part(score, gm.DRUM_CHANNEL, gm.ORCHESTRA_KIT, volume=100, reverb=60)

    for (chord, start, length), voicing in zip(_PROGRESSION, voicings(_PROGRESSION, 64, root=True), strict=True):
        loudness = 54 + start * 1.3
        strings.strum(voicing, start, length, loudness, spread=0)
        basses.note(chord.bass_key(31), start, length * 0.95, loudness + 20)
        timpani.note(chord.bass_key(38), start, 1, loudness + 22)
        if start >= 16:
            choir.strum([key + 12 for key in voicing], start, length, loudness)
        if start < _LAST_BAR:
            _ostinato(ostinato, voicing, start, length, loudness)
        _roll(harp, chord, voicing, start, 8 if start >= _LAST_BAR else 4)
    horn.sing(_MELODY, 88, loose=0.01, legato=1.0)
    horn.sing([(key and key - 12, start, length) for key, start, length in _MELODY if start >= 16], 76, loose=0.012)
    strings.swell(24, 28, 96, 127)
    for part in (strings, choir, horn):
        part.swell(_LAST_BAR + 2.5, _LAST_BAR + 5, 127, 45)
    _percussion(timpani, drums)
    return 35


def _ostinato(part, voicing, start, length, loudness):
    order = (0, 2, 1, 2, 3, 2, 1, 2)
    for step in range(int(length * 2)):
        key = voicing[order[step % 8] % len(voicing)] + 12
        part.note(key, start + step / 2, 0.45, loudness + (14 if step % 4 == 0 else 2), loose=0.004)


def _roll(harp, chord, voicing, start, count):
    keys = sorted({chord.bass_key(48), *voicing, *(key + 12 for key in voicing)})[:count]
    for index, key in enumerate(keys):
        harp.note(key, start + index * 0.125, 3, 66 + index * 2, loose=0.004)


def _percussion(timpani, drums):
    for step in range(32):
        timpani.note(43, 26 + step / 16, 0.2, 50 + step * 1.6)
    for step in range(16):
        drums.note(_SNARE, 27 + step / 16, 0.15, 30 + step * 3.5)
    for beat, velocity in ((0, 60), (16, 84), (_LAST_BAR, 96)):
        drums.note(_CYMBALS, beat, 4, velocity)
        drums.note(_BASS_DRUM, beat, 1, velocity + 8)
