"""Slow Feed: a jazz waltz for vibraphone, piano, upright bass and brushes. F major, 132 beats a minute."""

from . import score as gm
from .harmony import chords, voicings
from .score import Part, melody

TITLE = "Slow Feed"

_PROGRESSION = chords("""
    Fmaj7 3 | Em7b5 1.5 A7 1.5 | Dm7 3 | Cm7 1.5 F7 1.5 | Bbmaj7 3 | Bbm7 1.5 Eb9 1.5 | Am7 3 | D7b9 3 |
    Gm7 3 | C13 3 | Am7 1.5 D7b9 1.5 | Gm7 1.5 C9 1.5 | F6 3 | Fmaj9 5
""")
_MELODY = melody("""
    C5 1 A4 .5 C5 .5 E5 1 | D5 1 Bb4 .5 C#5 1.5 | D5 2 F5 1 | Eb5 1.5 C5 .5 A4 1 |
    D5 1 F5 .5 D5 .5 A5 1 | Ab5 1 F5 .5 Db5 .5 G5 1 | E5 1.5 G5 .5 E5 1 | F#5 1 A4 .5 C5 .5 Eb5 1 |
    D5 1 Bb4 1 F5 1 | E5 1.5 D5 .5 A4 1 | C5 1 E5 .5 Eb5 .5 C5 1 | Bb4 1 D5 .5 E5 .5 G5 1 | A5 2 C5 1 | G5 4
""")
_LAST_BAR = 39
_TAP, _SLAP, _PEDAL_HAT, _RIDE, _KICK = 38, 39, 44, 51, 36


def swing(beat):
    """Moves the second eighth of a beat from its half to 62 % of it."""
    whole, fraction = divmod(beat, 1)
    return whole + (fraction * 1.24 if fraction <= 0.5 else 0.62 + (fraction - 0.5) * 0.76)


def play(score, transpose=0):
    """Writes the piece at the score's origin and returns its length in beats."""
    score.tempo(0, 132)
    score.tempo(36, 124)
    score.tempo(_LAST_BAR, 108)
    vibes = Part(score, 0, gm.VIBRAPHONE, volume=112, pan=78, reverb=55, transpose=transpose)
    piano = Part(score, 1, gm.PIANO, volume=102, pan=46, reverb=40, transpose=transpose)
    bass = Part(score, 2, gm.UPRIGHT_BASS, volume=98, pan=62, reverb=20, transpose=transpose)
    drums = Part(score, gm.DRUM_CHANNEL, gm.BRUSH_KIT, volume=124, reverb=35)

    vibes.sing([(key, swing(start), length) for key, start, length in _MELODY], 88, loose=0.01)
    voiced = voicings(_PROGRESSION, 60)
    for index, ((chord, start, length), voicing) in enumerate(zip(_PROGRESSION, voiced, strict=True)):
        following = _PROGRESSION[index + 1][0] if index + 1 < len(_PROGRESSION) else chord
        if start >= _LAST_BAR:
            piano.strum(voicing, start, length, 66, spread=0.1)
            bass.note(chord.bass_key(29), start, length, 88)
        else:
            _comp(piano, voicing, start, length, index)
            _walk(bass, chord, following, start, length)
    _brushes(drums)
    return 46


def _comp(piano, voicing, start, length, index):
    if length < 3:
        piano.strum(voicing, swing(start), 0.9, 64)
    elif index % 2:
        piano.strum(voicing, swing(start + 0.5), 0.5, 58)
        piano.strum(voicing, start + 2, 0.7, 62)
    else:
        piano.strum(voicing, start, 0.6, 64)
        piano.strum(voicing, swing(start + 1.5), 1.2, 60)


def _walk(bass, chord, following, start, length):
    root = chord.bass_key(33)
    if length < 3:
        bass.note(root, swing(start), 1.3, 92, loose=0.005)
        return
    # The third beat leads into the next chord's root from a half step away.
    target = following.bass_key(33)
    bass.note(root, start, 0.95, 98, loose=0.005)
    bass.note(chord.fifth_key(33), start + 1, 0.9, 86, loose=0.005)
    bass.note(target + (1 if target < root else -1), start + 2, 0.85, 84, loose=0.005)


def _brushes(drums):
    for bar in range(13):
        beat = bar * 3
        drums.note(_KICK, beat, 0.3, 58, loose=0.004)
        for place, velocity in ((0, 66), (1, 74), (1.5, 52), (2, 68)):
            drums.note(_RIDE, swing(beat + place), 0.4, velocity, loose=0.004)
        drums.note(_PEDAL_HAT, beat + 1, 0.2, 70, loose=0.004)
        drums.note(_TAP, beat + 2, 0.3, 62, loose=0.005)
        if bar % 4 == 3:
            drums.note(_SLAP, swing(beat + 2.5), 0.3, 66, loose=0.005)
    drums.note(_RIDE, _LAST_BAR, 4, 78)
    drums.note(_KICK, _LAST_BAR, 0.3, 70)
