"""Takes the README's picture of the asset graph from a running `make dev`.

pip install playwright; apt install chromium
python docs/pictures.py http://127.0.0.1:3000
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def main(url: str) -> None:
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=quiet)
        page = browser.new_page(viewport={"width": 1900, "height": 1400})
        page.goto(url + "/locations/clipper_assets/asset-groups/episodes/lineage")
        page.get_by_text("rendered_clips").first.wait_for()
        page.wait_for_timeout(4000)  # the graph slides into place
        graph = {"x": 245, "y": 165, "width": 1600, "height": 1230}
        page.screenshot(path=Path(__file__).parent / "asset_graph.png", clip=graph)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
