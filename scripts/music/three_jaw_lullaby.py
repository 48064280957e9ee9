"""Three-Jaw Lullaby: a cello over a fingerpicked guitar. A minor, 80 beats a minute; mixed to one channel."""

from . import score as gm
from .harmony import chords, voicings
from .score import Part, melody

TITLE = "Three-Jaw Lullaby"

_PROGRESSION = chords("""
    Am7 4 | Fmaj7 4 |
    Am7 4 | Fmaj7 4 | C/E 4 | G 4 | Dm9 4 | Am7 4 | Fmaj7 4 | E7sus4 2 E7 2 | Am 5
""")
_MELODY = melody("""
    - 8 | E4 3 D4 .5 C4 .5 | A3 3 C4 1 | G4 2 E4 1 D4 1 | B3 2 D4 1.5 B3 .5 |
    F4 2 E4 1 A3 1 | C4 2.5 B3 .5 A3 1 | A4 2 G4 .5 F4 .5 E4 1 | A3 1 B3 1 G#3 2 | A3 4.5
""")
_LAST_BAR = 40


def play(score, transpose=0):
    """Writes the piece at the score's origin and returns its length in beats."""
    score.tempo(0, 80)
    score.tempo(36, 74)
    score.tempo(_LAST_BAR, 66)
    guitar = Part(score, 0, gm.NYLON_GUITAR, volume=94, reverb=40, transpose=transpose)
    cello = Part(score, 1, gm.CELLO, volume=124, reverb=60, transpose=transpose)
    strings = Part(score, 2, gm.SLOW_STRINGS, volume=66, reverb=80, transpose=transpose)

    for (chord, start, length), voicing in zip(_PROGRESSION, voicings(_PROGRESSION, 59, root=True), strict=True):
        if start >= _LAST_BAR:
            guitar.strum([chord.bass_key(40), chord.fifth_key(45), *voicing], start, length, 80, spread=0.08)
        else:
            _pick(guitar, chord, voicing, start, length)
        if start >= 24:
            strings.strum(voicing, start, length, 54)
    strings.swell(24, 34, 60, 115)
    strings.swell(_LAST_BAR, _LAST_BAR + 4, 100, 30)
    cello.sing(_MELODY, 84, loose=0.012, legato=1.02)
    for key, start, length in _MELODY:
        # A bow breathes: long notes grow into their first half and let go of the end.
        if key is not None and length >= 2:
            cello.swell(start, start + length / 2, 84, 122)
            cello.swell(start + length / 2, start + length, 122, 88)
    return 47


def _pick(guitar, chord, voicing, start, length):
    """Thumb on the bass and its fifth, fingers rolling through the chord in eighths."""
    order = (0, 1, 2, 1, 3, 2, 1, 2)
    for step in range(int(length * 2)):
        at = start + step / 2
        if step == 0:
            guitar.note(chord.bass_key(40), at, min(length, 2), 92, loose=0.008)
        elif step == 4:
            guitar.note(chord.fifth_key(43), at, 2, 78, loose=0.008)
        key = voicing[order[step] % len(voicing)]
        guitar.note(key, at, 1.4, 64 + (8 if step % 4 == 2 else 0), loose=0.009)
