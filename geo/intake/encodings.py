"""Find the text encoding of a file, and say how sure that is (文本编码识别).

Chinese table files come in UTF-8, UTF-16, GB18030 (which includes GBK and GB2312) and Big5 with the
Hong Kong signs. What is decided here:

- An encoding must decode the whole file strictly; one byte that does not fit rules it out.
- UTF-8 that fits is UTF-8: bytes of the others hardly ever fit by accident. A byte order mark is a fact.
- GB18030 and Big5 each accept most texts of the other and turn them into rare signs. They are ranked
  by how common the signs are that come out (`judge`), and the ranking is sure only if the best is
  plausible and the next one clearly is not. Otherwise the caller has to ask.
- A file in which single lines are in another encoding is refused, naming a line: no choice of one
  encoding can be right for it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.errors import ChoiceError, FileError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs")
"""Encodings a file may have."""

_OTHER_NAMES = {
    "utf8": "utf-8", "utf-8-bom": "utf-8-sig", "utf16": "utf-16", "gbk": "gb18030", "gb2312": "gb18030",
    "cp936": "gb18030", "ansi": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs",
    "big5-hkscs": "big5hkscs", "ascii": "utf-8",
}  # fmt: skip

_BLOCK = 1 << 22
_HEAD = 1 << 16
_PREVIEW_LINES = 5
_PREVIEW_CHARACTERS = 400

_LEAST_PLAUSIBLE = 0.4
_LEAST_LEAD = 0.25
_LEAST_SIGNS = 4
"""Below this many signs beyond ASCII there is too little to judge by."""
_STRANGE_LINE = 0.1
_FAMILIAR_LINE = 0.6
_LEAST_SIGNS_OF_LINE = 3
_MOST_STRANGE = 1000

_COMMON_SIMPLIFIED = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成"
    "只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进"
    "此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门"
    "利海受听表德少克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候民岁往何度山觉"
    "路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢区街镇县市省号栋幢楼室单元社网微院落坊巷弄村组居委会站坏漏堵占违停井盖"
    "灯噪扰垃圾污染臭积绿树油烟道消防充桩瓶飞线施管物业投诉求反映咨询建议办理结案派遣处置核查回访满意诉联系电话地址编码名称类型状态时间日期经"
    "纬坐标备注描述内容来源渠道责任门负户口数量序来热"
)
_COMMON_TRADITIONAL = (
    "這個們來時為國說著後會過對學麼發當沒還樣種開總從無現動頭經長兒愛給間兩親進話與見問點幾將實聲車機氣並別員許寫馬難樂東記處讓應場報關張"
    "認軍歲覺帶萬邊風師變數滿戰遠輕條區縣號棟樓單網鄰違蓋燈擾絡圾積綠樹煙線業訴聯絡電話編碼稱類狀態間緯標備註內來責戶確診里鄉鎮統計資料臺"
    "南北中西永康安平新營善化仁德歸新市路街段巷弄人口性別座標道府衛環境衝擊務廳處科醫學齡總數歲男女民國期名稱代"
)


class EncodingCandidate(NamedTuple):
    """An encoding that decodes the whole file, and how the first lines look under it."""

    encoding: str
    preview: str


@dataclass(frozen=True)
class DetectedEncoding:
    """What was found out about the encoding of a file."""

    encoding: str
    """The best one."""
    is_sure: bool
    """False: somebody has to look at the previews and choose."""
    candidates: tuple[EncodingCandidate, ...]
    """Every encoding that fits, best first."""
    scores: tuple[float, ...]
    """How familiar the signs are, per candidate, from -1 to 1; 1 where it was not judged."""


def require_encoding(name: str) -> str:
    """Return the name used here for an encoding a person typed.

    Raises
    ------
    ChoiceError
        If it is none of those known.

    Examples
    --------
    >>> require_encoding("GBK")
    'gb18030'
    """
    plain = name.strip().lower().replace("_", "-")
    known = _OTHER_NAMES.get(plain, plain)
    if known not in ENCODINGS:
        raise ChoiceError("encoding_unknown_name", name=name, known=", ".join(ENCODINGS))
    return known


def detect_encoding(stream: BinaryIO, *, file_name: str) -> DetectedEncoding:
    """Find the encoding of a text file by decoding all of it.

    Parameters
    ----------
    stream
        The file, open for reading; it is read from its start, more than once.
    file_name
        Name of the file in messages.

    Raises
    ------
    FileError
        If no encoding fits the whole file, or lines of it are in different encodings.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            require_decodable(stream, encoding, file_name=file_name)
            return _sure(encoding, head)
    if (wide := find_utf16(head)) is not None:
        require_decodable(stream, wide, file_name=file_name)
        return _sure(wide, head)
    broken = find_undecodable_line(stream, "utf-8")
    if broken is None:
        return _sure("utf-8", head)
    _refuse_mixed_with_utf8(stream, broken, file_name)
    return _rank(stream, head, broken, file_name)


def _sure(encoding: str, head: bytes) -> DetectedEncoding:
    return DetectedEncoding(encoding, True, (EncodingCandidate(encoding, _preview(head, encoding)),), (1.0,))


def _preview(head: bytes, encoding: str) -> str:
    text = head.decode(encoding, errors="replace")
    lines = text.removeprefix("\ufeff").splitlines()[:_PREVIEW_LINES]
    return "\n".join(line[:_PREVIEW_CHARACTERS] for line in lines)


def find_utf16(head: bytes) -> str | None:
    """Return the UTF-16 whose zero bytes stand where those of ASCII signs would, if any."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    few, many = sorted((even, odd))
    if many < _LEAST_SIGNS or many < 0.02 * len(head) or few > 0.02 * many:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def find_undecodable_line(stream: BinaryIO, encoding: str) -> int | None:
    """Return the number of the line that holds the first byte that does not fit; None if all fit."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    line = 1
    while True:
        block = stream.read(_BLOCK)
        kept = bytes(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            whole = kept + block
            fits = whole[: error.start].decode(encoding.removesuffix("-sig"), errors="ignore")
            return line + fits.count("\n")
        line += text.count("\n")
        if not block:
            return None


def require_decodable(stream: BinaryIO, encoding: str, *, file_name: str) -> None:
    """Refuse a file that an encoding does not fit, naming the line.

    Raises
    ------
    FileError
        If a byte does not fit.
    """
    if (line := find_undecodable_line(stream, encoding)) is not None:
        raise FileError("encoding_does_not_fit", file=file_name, encoding=encoding, line=line)


# --- lines in UTF-8 inside a file that is not ---

# Signs of three bytes: Han, Chinese punctuation, full-width forms; standing between ASCII.
_UTF8_RUN = re.compile(
    rb"(?<![\x80-\xff])(?:[\xe4-\xe9][\x80-\xbf]{2}|\xe3\x80[\x80-\xbf]|\xef[\xbc\xbd][\x80-\xbf]){2,}(?![\x80-\xff])"
)
_OVERLAP = 4096


def _refuse_mixed_with_utf8(stream: BinaryIO, broken: int, file_name: str) -> None:
    line, rest = 1, b""
    stream.seek(0)
    while block := stream.read(_BLOCK):
        block = rest + block
        for run in _UTF8_RUN.finditer(block):
            if _is_rather_utf8(run.group()):
                found = line + block.count(b"\n", 0, run.start())
                raise FileError("encoding_mixed", file=file_name, line=found, other_line=broken)
        cut = max(block.rfind(b"\n") + 1, len(block) - _OVERLAP)
        line += block.count(b"\n", 0, cut)
        rest = block[cut:]


def _is_rather_utf8(run: bytes) -> bool:
    as_utf8 = judge(run.decode("utf-8"))
    if as_utf8 < _FAMILIAR_LINE:
        return False
    others = [judge(run.decode(name, errors="replace")) for name in ("gb18030", "big5hkscs")]
    return as_utf8 - max(others) > _LEAST_LEAD


# --- ranking GB18030 and Big5 ---


@lru_cache(maxsize=1)
def _familiarity() -> NDArray[np.float32]:
    """Weight of every sign of the basic plane, from 1 (among the commonest) to -1 (nobody types it)."""
    weights = np.full(0x10000, -0.5, dtype=np.float32)
    weights[:0x80] = 0.0
    weights[0x4E00:0xA000] = -0.3
    weights[0xE000:0xF900] = -1.0
    for lead_from, lead_to, codec in ((0xB0, 0xD8, "gb2312"), (0xA4, 0xC7, "big5")):
        leads = [bytes((lead, trail)) for lead in range(lead_from, lead_to) for trail in range(0x40, 0xFF)]
        usual = "".join(pair.decode(codec, errors="ignore") for pair in leads)
        weights[[ord(sign) for sign in usual if "一" <= sign <= "鿿"]] = 0.35
    for sign in "，。、；：？！“”‘’（）《》【】〔〕—…·　㎡℃°×":
        weights[ord(sign)] = 0.6
    weights[0xFF10:0xFF5B] = 0.4
    weights[[ord(sign) for sign in set(_COMMON_SIMPLIFIED + _COMMON_TRADITIONAL)]] = 1.0
    weights[0xFFFD] = -1.0
    return weights


def _signs(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _weigh(signs: NDArray[np.uint32]) -> NDArray[np.float32]:
    weights: NDArray[np.float32] = _familiarity()[np.minimum(signs, 0xFFFF)]
    weights[signs > 0xFFFF] = -1.0
    return weights


def judge(text: str) -> float:
    """Return how familiar the signs beyond ASCII are, on average, from -1 to 1; 0 where there are none.

    A sign among some 700 that fill most Chinese texts counts 1; the rest of the first level of GB 2312
    or Big5 0.35 (both levels were cut by frequency of use); other Han signs -0.3; other scripts -0.5;
    private signs, replacement signs and those beyond the basic plane -1.

    Examples
    --------
    >>> judge("网格") > judge("缃戞牸")
    True
    """
    signs = _signs(text)
    signs = signs[signs > 0x7F]
    return float(_weigh(signs).mean()) if signs.size else 0.0


@dataclass(frozen=True)
class _Score:
    encoding: str
    mean: float
    n_signs: int
    strange: tuple[tuple[int, str], ...]
    """Lines, with their numbers, whose signs are far from familiar."""


def _rank(stream: BinaryIO, head: bytes, utf8_broken: int, file_name: str) -> DetectedEncoding:
    scores: list[_Score] = []
    broken = {"utf-8": utf8_broken}
    for encoding in ("gb18030", "big5hkscs"):
        line = find_undecodable_line(stream, encoding)
        if line is None:
            scores.append(_score(stream, encoding))
        else:
            broken[encoding] = line
    if not scores:
        best = max(broken, key=lambda name: broken[name])
        raise FileError("encoding_none_fits", file=file_name, encoding=best, line=broken[best])
    scores.sort(key=lambda score: -score.mean)
    best_score = scores[0]
    lead = best_score.mean - (scores[1].mean if len(scores) > 1 else -1.0)
    is_sure = (
        best_score.mean >= _LEAST_PLAUSIBLE and lead >= _LEAST_LEAD and best_score.n_signs >= _LEAST_SIGNS
    )
    if is_sure:
        _refuse_strange_lines(best_score, file_name)
    return DetectedEncoding(
        best_score.encoding,
        is_sure,
        tuple(EncodingCandidate(score.encoding, _preview(head, score.encoding)) for score in scores),
        tuple(round(score.mean, 3) for score in scores),
    )


def _score(stream: BinaryIO, encoding: str) -> _Score:
    total, n_signs = 0.0, 0
    strange: list[tuple[int, str]] = []
    for first_line, text in _whole_lines(stream, encoding):
        signs = _signs(text)
        beyond = signs > 0x7F
        weights = _weigh(signs[beyond])
        total += float(weights.sum(dtype=np.float64))
        n_signs += weights.size
        line_of = np.cumsum(signs == 0x0A)[beyond]
        if line_of.size:
            n_of_line = np.bincount(line_of)
            mean = np.bincount(line_of, weights=weights) / np.maximum(n_of_line, 1)
            odd = np.flatnonzero((n_of_line >= _LEAST_SIGNS_OF_LINE) & (mean < _STRANGE_LINE))
            if odd.size and len(strange) < _MOST_STRANGE:
                lines = text.split("\n")
                strange += [(first_line + int(line), lines[line]) for line in odd[:_MOST_STRANGE]]
    return _Score(encoding, total / n_signs if n_signs else 0.0, n_signs, tuple(strange))


def _whole_lines(stream: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield blocks of whole lines, each with the number of its first line."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    line, rest = 1, ""
    while block := stream.read(_BLOCK):
        text = rest + decoder.decode(block)
        cut = text.rfind("\n") + 1 or len(text)
        yield line, text[:cut]
        line += text.count("\n", 0, cut)
        rest = text[cut:]
    if rest:
        yield line, rest


def _refuse_strange_lines(score: _Score, file_name: str) -> None:
    """Refuse a file in which a line reads well in the other encoding only."""
    other = "big5hkscs" if score.encoding == "gb18030" else "gb18030"
    for line, text in score.strange:
        again = text.encode(score.encoding, errors="replace").decode(other, errors="replace")
        if judge(again) >= _FAMILIAR_LINE:
            raise FileError("encoding_mixed", file=file_name, line=line, other_line=1)
