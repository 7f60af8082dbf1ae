"""Our pipeline as it was at commit a2d2b61, which the present one is compared with."""

from clipper_assets.clips.rendering.encoders import Encoder

X264 = Encoder(
    "libx264",
    (("preset", "veryfast"), ("crf", "20"), ("maxrate", "12M"), ("bufsize", "24M"), ("threads", "4")),
)
"""The encoder's settings at that commit."""
