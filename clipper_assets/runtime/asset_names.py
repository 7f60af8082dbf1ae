"""Names of the assets in data order; their steps, tables and run config entries have the same names."""

RAW_VIDEO = "raw_video"
ALIGNED_TRANSCRIPT = "aligned_transcript"
AD_SPANS = "ad_spans"
HIGHLIGHT_WINDOWS = "highlight_windows"
SCENES = "scenes"
CAMERA_PATHS = "camera_paths"
RENDERED_CLIPS = "rendered_clips"
