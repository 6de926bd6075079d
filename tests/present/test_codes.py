"""A code is read back, sign by sign, as the address it was drawn of."""

import re

import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from geo.errors import LimitError
from geo.present.codes import MOST_SIGNS, QUIET_MODULES, draw_code

VIEW = "http://10.0.0.5:8501/dashboard?area=510104001001001&level=grid&period=month&from=2026-10-01&lang=zh"


def picture(code, module_px=4):
    """Paint the path of a code, as a browser does."""
    image = Image.new("L", (code.n_modules * module_px,) * 2, 255)
    draw = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", code.path):
        left, top = int(x) * module_px, int(y) * module_px
        draw.rectangle((left, top, left + int(width) * module_px - 1, top + module_px - 1), fill=0)
    return image


def read(code):
    found = zxingcpp.read_barcodes(picture(code))
    assert [one.format for one in found] == [zxingcpp.BarcodeFormat.QRCode]
    return found[0].text


@pytest.mark.parametrize(
    "address",
    [
        VIEW,
        "http://a",
        "https://格图.example/cases?q=%E6%BC%8F%E6%B0%B4",
        "http://10.0.0.5/?" + "x" * (MOST_SIGNS - 17),
    ],
)
def test_a_telephone_reads_the_address(address):
    assert read(draw_code(address)) == address


@given(some.text(alphabet=some.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=300))
def test_any_query_is_read_back(query):
    address = f"http://10.0.0.5:8501/?{query}"
    assert read(draw_code(address)) == address


def test_the_path_is_the_matrix_of_segno_with_its_quiet_modules():
    code = draw_code(VIEW)
    matrix = np.array([list(row) for row in segno.make_qr(VIEW, error="m").matrix_iter(border=QUIET_MODULES)])
    painted = np.array(picture(code, module_px=1)) == 0
    assert code.n_modules == len(matrix)
    assert (painted == (matrix > 0)).all()
    assert not painted[:QUIET_MODULES].any() and not painted[:, -QUIET_MODULES:].any()


def test_an_address_that_no_telephone_would_read_is_refused():
    with pytest.raises(LimitError, match="1200 signs"):
        draw_code("x" * (MOST_SIGNS + 1))


def test_the_picture_holds_nothing_but_strokes():
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", draw_code('http://x/?<script>"').path)
