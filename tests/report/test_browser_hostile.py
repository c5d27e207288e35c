"""Data that would like to be code, in a real headless Chromium: it is shown, and does nothing."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_text_does_nothing(visit, site, width):
    page = visit("hostile", width=width)
    for control in page.locator("button, summary").all():
        control.click()
    for option in range(page.locator("#method option").count()):
        page.locator("#method").select_option(index=option)
    page.mouse.move(width / 2, 300)
    page.wait_for_timeout(600)
    assert (
        page.locator(
            "img, iframe, object, embed, textarea, script[src], [onerror], [onload], [onmouseover], [autofocus]"
        ).count()
        == 0
    )
    assert page.locator("script").count() == 2
    assert page.locator("style").count() == 1
    assert page.locator("body").is_visible()
    assert page.evaluate("document.querySelectorAll('*').length") < 6000
    assert "{{7*7}}{% raw %}${7*7}" in page.locator(".methods").inner_text()
    assert not {"\u202e", "\u2066", "\u0000"} & set(page.locator("body").inner_text())


def test_the_policy_stops_what_an_attacker_would_try_next(browser, site):
    page = browser.new_page()
    page.goto((site.folder / "two.html").as_uri())
    tried = page.evaluate(
        """async () => {
          const out = {};
          const attempt = async (name, f) => { try { out[name] = String(await f()); } catch (e) { out[name] = 'refused'; } };
          const add = (tag, set) => new Promise((done) => { const e = document.createElement(tag); set(e, done); document.body.append(e); setTimeout(() => done('nothing ran'), 150); });
          window.ran = false;
          await attempt('html', () => { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); return 'inserted'; });
          await attempt('eval', () => new Promise((done, no) => setTimeout(() => { try { done((0, eval)('1 + 1')); } catch (e) { no(e); } }, 0)));
          await attempt('fetch', () => fetch('http://127.0.0.1:9/'));
          await attempt('inline', () => add('script', (e) => { e.textContent = 'window.ran = true'; }));
          await attempt('style', () => { document.body.setAttribute('style', 'display:none'); return getComputedStyle(document.body).display; });
          out.ran = window.ran;
          return out;
        }"""
    )
    page.close()
    assert tried == {
        "html": "refused",
        "eval": "refused",
        "fetch": "refused",
        "inline": "refused",
        "style": "block",
        "ran": False,
    }


def test_a_server_is_asked_for_the_page_and_for_nothing_else(browser, site):
    asked = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site.folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/digits.html")
        page.locator("#cheapest").click()
        page.wait_for_timeout(300)
        page.close()
        server.shutdown()
    assert asked == ["/digits.html"]
