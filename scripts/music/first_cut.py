"""First Cut: electric piano, clean guitar, bass and drums under a flute. D major, 104 beats a minute."""

from . import score as gm
from .harmony import chords, voicings
from .score import Part, melody

TITLE = "First Cut"

_PROGRESSION = chords("""
    Gmaj7 4 | A7sus4 4 |
    Dadd9 4 | Bm7 4 | Gmaj7 4 | A7sus4 2 A 2 | F#m7 4 | Bm7 4 | Em9 4 | A13 4 |
    Gmaj7 4 | Em9 2 A7sus4 2 | Dadd9 6
""")
_MELODY = melody("""
    - 8 |
    - .5 A4 .5 D5 .5 E5 .5 F#5 1 E5 .5 D5 .5 | D5 1.5 C#5 .5 B4 1 A4 1 |
    B4 .5 D5 .5 F#5 1.5 E5 .5 D5 1 | E5 2 - .5 C#5 .5 D5 .5 E5 .5 |
    A5 1.5 F#5 .5 E5 1 C#5 1 | F#5 1 D5 .5 B4 1.5 C#5 .5 D5 .5 |
    G5 1.5 F#5 .5 E5 1 D5 .5 B4 .5 | C#5 1 E5 1 F#5 1 E5 .5 C#5 .5 |
    D5 3 B4 1 | G4 1 B4 1 A4 2 | F#5 5
""")
_KICK, _SNARE, _HAT, _OPEN_HAT, _CRASH, _SHAKER, _LOW_TOM, _HIGH_TOM = 36, 38, 42, 46, 49, 70, 45, 48


def play(score, transpose=0):
    """Writes the piece at the score's origin and returns its length in beats."""
    score.tempo(0, 104)
    keys = Part(score, 0, gm.ELECTRIC_PIANO, volume=88, pan=50, reverb=45, chorus=30, transpose=transpose)
    guitar = Part(score, 1, gm.CLEAN_GUITAR, volume=86, pan=92, reverb=50, chorus=40, transpose=transpose)
    bass = Part(score, 2, gm.FINGERED_BASS, volume=104, reverb=8, transpose=transpose)
    pad = Part(score, 3, gm.SLOW_STRINGS, volume=78, pan=64, reverb=70, transpose=transpose)
    lead = Part(score, 4, gm.FLUTE, volume=96, pan=68, reverb=60, transpose=transpose)
    drums = Part(score, gm.DRUM_CHANNEL, gm.STANDARD_KIT, volume=120, reverb=28)

    for (chord, start, length), voicing in zip(_PROGRESSION, voicings(_PROGRESSION, 62), strict=True):
        last = start >= 48
        keys.control(gm.SUSTAIN, start + 0.05, 127)
        keys.control(gm.SUSTAIN, start + length - 0.1, 0)
        keys.strum(voicing, start, length * 0.95, 74, spread=0.03 if last else 0.008)
        if not last and length == 4:
            keys.strum(voicing, start + 2.5, 1.2, 58)
        pad.strum([key + 12 for key in voicing], start, length, 58 if start >= 8 else 46)
        _arpeggio(guitar, sorted([*voicing, chord.bass_key(55)]), start, length, last)
        _bass_line(bass, chord, start, length, last)
    lead.sing(_MELODY, 84)
    lead.swell(48, 53, 120, 70)
    _drums(drums)
    return 56


def _arpeggio(guitar, keys, start, length, last):
    if last:
        guitar.strum([key + 12 for key in keys], start, length, 60, spread=0.12)
        return
    order = [0, 2, 1, 3, 2, 1, 3, 2]
    for step in range(int(length * 2)):
        key = keys[order[step % 8] % len(keys)] + 12
        guitar.note(key, start + step / 2, 0.8, 62 if step % 4 == 0 else 52, loose=0.006)


def _bass_line(bass, chord, start, length, last):
    root, fifth = chord.bass_key(35), chord.fifth_key(40)
    if last or start < 8:
        bass.note(root, start, length * 0.95, 84)
        return
    bass.note(root, start, 1.3, 96, loose=0.004)
    bass.note(root, start + 1.5, 0.45, 84, loose=0.004)
    if length == 4:
        bass.note(fifth, start + 2, 0.9, 88, loose=0.004)
        bass.note(root + 12, start + 3, 0.45, 78, loose=0.004)
        bass.note(fifth, start + 3.5, 0.45, 80, loose=0.004)


def _drums(drums):
    for eighth in range(16, 96):
        drums.note(_SHAKER, eighth / 2, 0.2, 50 if eighth % 2 else 36, loose=0.004)
    for step, key in enumerate((_HIGH_TOM, _HIGH_TOM, _LOW_TOM, _SNARE)):
        drums.note(key, 7 + step / 4, 0.2, 70 + 8 * step, loose=0.003)
    drums.note(_CRASH, 8, 2, 84)
    for bar in range(2, 12):
        beat = bar * 4
        for kick in (0, 1.5, 2.5) if bar % 2 else (0, 2, 2.5):
            drums.note(_KICK, beat + kick, 0.3, 98 if kick == 0 else 86, loose=0.003)
        for backbeat in (1, 3):
            drums.note(_SNARE, beat + backbeat, 0.3, 92, loose=0.003)
        drums.note(_SNARE, beat + 2.75, 0.2, 32, loose=0.004)
        for eighth in range(8):
            is_open = eighth == 7 and bar % 4 == 1
            drums.note(
                _OPEN_HAT if is_open else _HAT, beat + eighth / 2, 0.3, 66 if eighth % 2 == 0 else 50, loose=0.003
            )
    drums.note(_CRASH, 48, 4, 80)
    drums.note(_KICK, 48, 0.3, 92)
