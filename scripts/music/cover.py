"""The EP's cover: a face turned on a lathe, drawn with numpy and Pillow at twice its size and scaled down."""

import math

import numpy
from PIL import Image, ImageDraw, ImageFont

SIZE = 1400
_SCALE = 2
_PAPER, _INK, _BRASS = (238, 229, 212), (27, 34, 44), (214, 150, 58)
_FONTS = "/usr/share/fonts/truetype/dejavu"


def draw():
    """Returns the cover as an RGB picture of SIZE × SIZE pixels."""
    side = SIZE * _SCALE
    y, x = numpy.mgrid[0:side, 0:side].astype(numpy.float32)
    centre = (side * 0.5, side * 0.45)
    dx, dy = x - centre[0], y - centre[1]
    radius, angle = numpy.hypot(dx, dy), numpy.arctan2(dy, dx)

    # Turned metal reflects in two opposite fans; the tool's spiral shows as fine rings that wobble with the angle.
    fans = numpy.abs(numpy.cos(angle - 0.55)) ** 6 + 0.45 * numpy.abs(numpy.cos(angle + 0.95)) ** 14
    pitch = side / 150
    rings = 0.5 + 0.5 * numpy.cos(2 * math.pi * (radius / pitch - angle / (2 * math.pi)))
    light = 0.30 + 0.62 * fans + 0.16 * (rings - 0.5)
    dark, middle, bright = (
        numpy.array(colour, numpy.float32) for colour in ((58, 44, 34), (201, 138, 57), (255, 236, 190))
    )
    low = numpy.clip(light / 0.55, 0, 1)[..., None]
    high = numpy.clip((light - 0.55) / 0.55, 0, 1)[..., None]
    metal = dark + (middle - dark) * low + (bright - middle) * high

    outer, hub, bore = side * 0.335, side * 0.075, side * 0.016
    picture = numpy.empty((side, side, 3), numpy.float32)
    # A soft light on the wall behind, and the shadow of the disc on it.
    wall = numpy.clip(1.25 - numpy.hypot(x - side * 0.32, y - side * 0.22) / (side * 0.95), 0.25, 1)[..., None]
    picture[:] = numpy.array(_INK, numpy.float32) * (0.55 + 0.95 * wall)
    shadow = numpy.hypot(dx - side * 0.018, dy - side * 0.03)
    picture *= (0.35 + 0.65 * numpy.clip((shadow - outer * 0.97) / (side * 0.06), 0, 1))[..., None]
    disc = numpy.clip(outer - radius, 0, 1)[..., None]
    picture = picture * (1 - disc) + metal * disc
    for edge, width, depth in ((outer, side * 0.006, 0.45), (hub, side * 0.004, 0.55)):
        picture *= (1 - depth * numpy.exp(-(((radius - edge) / width) ** 2)))[..., None]
    picture = numpy.where((radius < bore)[..., None], numpy.array((16, 18, 22), numpy.float32), picture)

    image = Image.fromarray(numpy.clip(picture, 0, 255).astype(numpy.uint8))
    _swarf(image, side, centre, outer)
    image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    _lettering(ImageDraw.Draw(image))
    return image


def _swarf(image, side, centre, outer):
    """One long chip of brass that curls off the rim and falls past the title."""
    pen = ImageDraw.Draw(image)
    points = []
    for step in range(2600):
        along = step / 2599
        curl = along * 2 * math.pi * 7.5
        reach = side * (0.018 + 0.034 * along)
        points.append(
            (
                centre[0] + outer * 0.80 + side * 0.16 * along + reach * math.sin(curl),
                centre[1] + outer * 0.60 + side * 0.42 * along - reach * math.cos(curl) * 0.9,
            )
        )
    for colour, width, shift in (
        ((10, 12, 16), 17, 9),
        ((120, 76, 28), 14, 0),
        (_BRASS, 9, -2),
        ((255, 232, 180), 3, -5),
    ):
        pen.line([(x + shift, y + shift) for x, y in points], fill=colour, width=width, joint="curve")


def _lettering(pen):
    title = ImageFont.truetype(f"{_FONTS}/DejaVuSans-Bold.ttf", 132)
    line = ImageFont.truetype(f"{_FONTS}/DejaVuSans.ttf", 34)
    _spaced(pen, (92, 1128), "SWARF", title, 34, _PAPER)
    pen.line([(96, 1296), (236, 1296)], fill=_BRASS, width=5)
    _spaced(pen, (96, 1312), "THE TURNING SHOP", line, 9, _PAPER)


def _spaced(pen, place, text, font, gap, fill):
    x, y = place
    for letter in text:
        pen.text((x, y), letter, font=font, fill=fill)
        x += pen.textlength(letter, font=font) + gap


def write(path):
    """Stores the cover as a baseline JPEG."""
    draw().save(path, "JPEG", quality=82, subsampling="4:2:0", optimize=True)
