"""Tells other services, by signed HTTP requests, that episodes are finished or have failed."""
