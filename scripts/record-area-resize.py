"""Records what cv2.resize with INTER_AREA makes of a screen, for test/envs/pixel/area-resize.test.ts.

The screen is numpy's default_rng(7).integers(0, 256, (210, 160)), which our own generator draws too. Writes
test/fixtures/pixel/area-resize.json: for each size the pixels of the result, deflated and in base64.

    pip install opencv-python-headless==4.14.0.94 numpy
    python scripts/record-area-resize.py
"""

import base64
import json
import pathlib
import zlib

import cv2
import numpy as np

SIZES = [84, 64, 42, 100]

screen = np.random.default_rng(7).integers(0, 256, (210, 160)).astype(np.uint8)
pictures = {
    size: base64.b64encode(
        zlib.compress(cv2.resize(screen, (size, size), interpolation=cv2.INTER_AREA).tobytes(), 9)
    ).decode()
    for size in SIZES
}
path = pathlib.Path(__file__).parent.parent / "test/fixtures/pixel/area-resize.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps({"cv2": cv2.__version__, "pictures": pictures}) + "\n")
