"""Notifies other services of finished and failed episodes by signed HTTP requests."""
