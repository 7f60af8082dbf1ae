"""Reports of shows: the asset `show_report`."""
