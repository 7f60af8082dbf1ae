"""Face detectors for small grey pictures: YuNet, UltraFace, or OpenCV's Haar cascade if both models are missing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import WIDEST_PX, Picture
from clipper_assets.camera.analysis.inference import session
from clipper_assets.camera.scene import Boxes

INPUT_PX = (320, 240)
LEAST_SCORE = 0.7
MOST_OVERLAP = 0.3
SMALLEST_SIDE = 1 / 30
"""Least height of a face as a share of the picture's; a smaller face cannot be enlarged enough for a clip."""
CLOSER = 1 / 8
"""Height of the smallest face found, as a share of the picture's, below which a detector looks closer. Of faces of
1/9 of the height UltraFace finds 85 % in the whole picture, of 1/12 44 % and of 1/15 7 %, and in quarters 100 %, 100 %
and 90 % (measured with real faces on blurred backgrounds)."""
LEAST_SCORE_IN_QUARTERS = 0.8
"""Higher than for the whole picture, because four looks have four chances of a mistake."""
QUARTER = 0.6
"""Sides of the overlapping quarters of a picture, as a share of its own."""
YUNET_FIRST_PX = 480
"""Longer side of the picture in YuNet's first look. With 320, which costs half as much, it finds 62 % of the faces of
1/9 of the height beside a large one, and 12 % of 1/12; with 480 100 % and 75 %, as UltraFace."""
YUNET_LEAST_SCORE = 0.6
"""Of 32 faces of 1/15 of the height that are tilted, compressed or beside a large one, this finds 26 and 0.7 finds 20.
Of 52 pictures without faces it sees one in one, 0.7 in none and UltraFace in seven, all of them coarse noise."""
HAAR_WIDTH_PX = 480
HAAR_TO_FACE = (0.1, 0.06, -0.2, 0.0)
"""Added to left, top, width and height, in sides of Haar's squares, to get boxes like UltraFace's, brow to chin."""


@dataclass(frozen=True)
class Detector:
    """A face detector: `find` returns boxes of faces in the picture's pixels; it runs on one in `every` pictures.

    `name` is for people.
    """

    name: str
    find: Callable[[Picture], Boxes]
    every: int


Look = Callable[[Picture], tuple[Boxes, NDArray[np.float64]]]
"""Finds the boxes of likely faces in a picture, and their scores."""


def ultraface(model: Path) -> Detector:
    """UltraFace RFB-320 (Linzaer, "Ultra-Light-Fast-Generic-Face-Detector-1MB"), whose input is 320x240.

    If it finds no face or small ones, it looks again at four overlapping quarters of the picture.
    """
    import cv2

    network = session(model)

    def look(picture: Picture) -> tuple[Boxes, NDArray[np.float64]]:
        height, width = picture.shape
        small = cv2.resize(picture, INPUT_PX, interpolation=cv2.INTER_AREA).astype(np.float32)
        normal = np.broadcast_to((small - 127) / 128, (1, 3, *small.shape))
        scores, corners = network.run(["scores", "boxes"], {"input": np.ascontiguousarray(normal)})
        sure = scores[0, :, 1] > LEAST_SCORE
        left, top, right, bottom = (corners[0, sure] * [width, height, width, height]).T
        boxes = np.stack([left, top, right - left, bottom - top], axis=1).astype(np.float64)
        return boxes, scores[0, sure, 1].astype(np.float64)

    return Detector("UltraFace", with_quarters(look), every=8)


def yunet(model: Path) -> Detector:
    """YuNet (Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023), as OpenCV runs it.

    Its boxes are like UltraFace's, brow to chin. It looks at the picture in half its size, and if it finds no face or
    small ones, in its full size.
    """
    first, closer = yunet_look(model, YUNET_FIRST_PX), yunet_look(model, WIDEST_PX)

    def find(picture: Picture) -> Boxes:
        boxes, _ = first(picture)
        if _is_worth_another_look(boxes, len(picture)):
            boxes, _ = closer(picture)
        return _large_enough(boxes, len(picture))

    return Detector("YuNet", find, every=8)


def yunet_look(model: Path, longest_px: int) -> Look:
    """One look of YuNet at the picture, shrunk so that its longer side has at most `longest_px`."""
    import cv2

    network = cv2.FaceDetectorYN.create(str(model), "", INPUT_PX, YUNET_LEAST_SCORE, MOST_OVERLAP)

    def look(picture: Picture) -> tuple[Boxes, NDArray[np.float64]]:
        scale = min(1.0, longest_px / max(picture.shape))
        shrunk = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        network.setInputSize((shrunk.shape[1], shrunk.shape[0]))
        _, faces = network.detect(cv2.cvtColor(shrunk, cv2.COLOR_GRAY2BGR))
        found = np.zeros((0, 15)) if faces is None else faces.astype(np.float64)
        return found[:, :4] / scale, found[:, 14]

    return look


def haar() -> Detector:
    """OpenCV's frontal face cascade `alt2` (Viola and Jones 2001; Lienhart and Maydt 2002)."""
    import cv2

    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"))

    def find(picture: Picture) -> Boxes:
        height, width = picture.shape
        shrink = min(1.0, HAAR_WIDTH_PX / width)
        small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        squares = np.array(cascade.detectMultiScale(small, 1.1, 4), np.float64).reshape(-1, 4)
        return _large_enough((squares + squares[:, [2, 3, 2, 3]] * HAAR_TO_FACE) / shrink, height)

    return Detector("OpenCV's Haar cascade", find, every=25)


DETECTORS = {"yunet-2023mar": yunet, "ultraface-rfb-320": ultraface}
"""Detectors that need a model, by its name; the first one whose model is on this machine is used."""


def with_quarters(look: Look) -> Callable[[Picture], Boxes]:
    """Look at the picture, and if it shows no face or small ones, again at four overlapping quarters of it."""
    import cv2

    def find(picture: Picture) -> Boxes:
        height, width = picture.shape
        boxes, scores = look(picture)
        if _is_worth_another_look(boxes, height):
            quarter_height, quarter_width = round(QUARTER * height), round(QUARTER * width)
            for top in (0, height - quarter_height):
                for left in (0, width - quarter_width):
                    found, sure = look(picture[top : top + quarter_height, left : left + quarter_width])
                    # Larger ones may be parts of faces.
                    small = (found[:, 3] < 2 * CLOSER * height) & (sure > LEAST_SCORE_IN_QUARTERS)
                    boxes = np.concatenate([boxes, found[small] + [left, top, 0, 0]])
                    scores = np.concatenate([scores, sure[small]])
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, MOST_OVERLAP)
        return _large_enough(boxes[np.array(kept, np.intp)], height)

    return find


def overlap(box: NDArray[np.float64], others: Boxes) -> NDArray[np.float64]:
    """Intersection over union of one box with each of the others, shape (n,)."""
    corner = np.maximum(box[:2], others[:, :2])
    opposite = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.clip(opposite - corner, 0, None), axis=1)
    shares: NDArray[np.float64] = shared / (np.prod(box[2:]) + np.prod(others[:, 2:], axis=1) - shared)
    return shares


def _is_worth_another_look(boxes: Boxes, picture_height_px: int) -> bool:
    """Whether there are no faces or small ones, so that a closer look may find others."""
    return len(boxes) == 0 or bool(boxes[:, 3].min() < CLOSER * picture_height_px)


def _large_enough(boxes: Boxes, picture_height_px: int) -> Boxes:
    return boxes[boxes[:, 3] >= SMALLEST_SIDE * picture_height_px]
