"""`make bench`: what a clip costs, beside the old service's way and the floor; no part of the installed package."""
