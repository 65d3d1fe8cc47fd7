"""Pages in a real browser: every block opens, nothing goes wrong, nothing is asked for. Skipped without Chromium."""

from pathlib import Path

import browser
import pytest
from test_pictures import EVIL, evil, load, report

import archspec

pytestmark = pytest.mark.skipif(browser.found() is None, reason="there is no Chromium")

OPEN_ALL = """(() => {
  const opened = new Set();
  for (let more = true; more;) {
    more = false;
    for (const box of document.querySelectorAll('.net:not([hidden]) .panel:not([hidden]) [data-g]')) {
      if (opened.has(box.dataset.g)) continue;
      opened.add(box.dataset.g);
      more = true;
      if (box.getAttribute('aria-expanded') !== 'true') box.dispatchEvent(new MouseEvent('click', {bubbles: true}));
      const panel = document.getElementById(box.dataset.g);
      if (panel.hidden) return 'not open: ' + box.dataset.d;
      if (box.getAttribute('aria-expanded') !== 'true') return 'not said to be open: ' + box.dataset.d;
    }
  }
  return opened.size;
})()"""

TEXTS = """[...document.querySelectorAll('.panel:not([hidden]) svg g > text')].filter(text => {
  const own = text.getBBox(), box = text.parentNode.querySelector(':scope > rect').getBBox();
  return own.x < box.x || own.x + own.width > box.x + box.width || own.y < box.y - 1
    || own.y + own.height > box.y + box.height + 1;
}).map(text => text.textContent)"""


@pytest.mark.parametrize(
    "name",
    "resnet@resnet152 googlenet inception_v4 hrnet@hrnet_w64 efficientnet@efficientnet_b7 mask_rcnn".split(),
)
def test_every_block_opens(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    picture = archspec.draw(load(name), path)
    with browser.Page() as page:
        page.open(path)
        count = page.run(OPEN_ALL)
        # all levels but the network's own
        assert count == picture.count('<section class="panel"') - 1
        assert page.run(TEXTS) == []
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
        page.run("document.querySelector('#close').click()")
        assert page.run("document.querySelectorAll('.panel:not([hidden])').length") == 1
        assert page.run("document.querySelectorAll('[aria-expanded=true][data-g]').length") == 0
        page.resize(400, 800)
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
        assert page.console == []
        assert [url for url in page.requests if not url.startswith("file:")] == []
        assert len(page.requests) == 1


def test_what_a_fault_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    text = archspec.draw(load("lenet"), format="html")
    path.write_text(
        text.replace("</body>", "<script>alert(1)</script><img src='https://example.org/x.png'></body>")
    )
    with browser.Page() as page:
        page.open(path)
        assert len([line for line in page.console if "Content Security Policy" in line]) == 2


def test_deep_links(tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    archspec.draw(load("resnet@resnet50"), path)
    with browser.Page() as page:
        page.open(path, "#layer3.5.conv2")
        shown = "[...document.querySelectorAll('.panel:not([hidden]) .path')].map(path => path.textContent)"
        assert page.run(shown) == ["layer3", "layer3.5"]
        assert page.run("document.querySelector('g.here').getAttribute('aria-label')").endswith(
            "conv2: conv 256, k3 p1"
        )
        assert page.run("document.querySelector('#tip').textContent").startswith("layer3.5.conv2: conv 256")
        assert page.run("document.querySelector('tr.here').dataset.path") == "layer3.1.conv2"
        page.run("location.hash = '#layer1'; new Promise(done => addEventListener('hashchange', done))")
        assert page.run("document.querySelector('tr.here').dataset.path") == "layer1"


def test_the_keyboard(tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    archspec.draw(load("resnet@resnet50"), path)
    here = "document.activeElement.getAttribute('aria-label')"
    with browser.Page() as page:
        page.open(path)
        page.run("document.querySelector('[data-d]').focus()")
        assert page.run(here) == "conv1: conv 64, k7 s2 p3"
        page.key("ArrowDown")
        page.key("ArrowDown")
        assert page.run(here) == "layer1: 3 × bottleneck"
        page.key("Enter")
        assert page.run("document.querySelectorAll('.panel:not([hidden])').length") == 2
        assert page.run("location.hash") == "#layer1"
        page.run("document.querySelectorAll('.panel:not([hidden])')[1].querySelector('[data-d]').focus()")
        page.key("Escape")
        assert page.run("document.querySelectorAll('.panel:not([hidden])').length") == 1
        assert page.run(here) == "layer1: 3 × bottleneck"


def test_search_and_colours(tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    archspec.draw(load("resnet@resnet50"), path)
    with browser.Page() as page:
        page.open(path)
        page.run(
            "{const i = document.querySelector('#find'); i.value = 'downsample'; i.dispatchEvent(new Event('input'))}"
        )
        rows = page.run(
            "[...document.querySelectorAll('tbody tr:not([hidden])')].map(row => row.dataset.path)"
        )
        assert rows[0] == "layer1.0.downsample"
        assert all("downsample" in row for row in rows)
        fill = "getComputedStyle(document.querySelector('.m5 > rect')).fill"
        hot = page.run(fill)
        page.run(
            "{const c = document.querySelector('#color'); c.value = 'none'; c.dispatchEvent(new Event('change'))}"
        )
        assert page.run(fill) != hot
        page.run("document.querySelector('#theme').click()")
        assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"


def test_the_chooser(tmp_path: Path) -> None:
    from archspec.report.picture.html import html
    from archspec.report.picture.options import Options

    path = tmp_path / "net.html"
    path.write_text(html([load("resnet@resnet18"), load("resnet@resnet50")], Options()), encoding="utf-8")
    with browser.Page() as page:
        page.open(path, "#resnet50/layer2.1.conv3")
        assert page.run("document.querySelector('.net:not([hidden])').dataset.name") == "resnet50"
        assert page.run("document.querySelector('g.here').dataset.n").startswith("conv3")
        page.run(
            "{const p = document.querySelector('#pick'); p.value = '0'; p.dispatchEvent(new Event('change'))}"
        )
        assert page.run("document.querySelector('.net:not([hidden])').dataset.name") == "resnet18"


def test_texts_stay_texts(tmp_path: Path) -> None:
    for name, text in (("draw", archspec.draw(evil(), format="html")), ("report", report(evil()))):
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        with browser.Page() as page:
            page.open(path)
            page.run(OPEN_ALL)
            page.run(
                "document.querySelector('[data-d]').dispatchEvent(new MouseEvent('mousemove', {bubbles: true}))"
            )
            assert EVIL[:30] in page.run("document.querySelector('#tip').textContent")
            assert page.run("document.images.length + document.scripts.length") == 1
            assert page.console == []


def test_print_and_pictures_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "net.svg"
    archspec.draw(load("googlenet"), path, open="all")
    with browser.Page(dark=True) as page:
        page.open(path)
        texts = TEXTS.replace(".panel:not([hidden]) svg", "svg").replace("g > text", "g > text:not(.s)")
        assert page.run(texts) == []
        assert page.console == []
