"""Names of the assets of an episode, in the order of the data: also those of their steps, tables and run config."""

RAW_VIDEO = "raw_video"
ALIGNED_TRANSCRIPT = "aligned_transcript"
HIGHLIGHT_WINDOWS = "highlight_windows"
SCENES = "scenes"
CAMERA_PATHS = "camera_paths"
RENDERED_CLIPS = "rendered_clips"
