"""Podcast videos in, vertical captioned clips and a word-level transcript out."""
