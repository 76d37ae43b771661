"""A page of another origin, open in the same browser, even one that knows the token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, MISSING, TOKEN, Reader, Server

pytestmark = pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=MISSING)

ATTACK = """
<iframe name=sink></iframe>
<form method=post target=sink action="{bot}/sendMessage">
<input name=chat_id value=1001><input name=text value="Injected by another site"></form>
<script>
  const done = []
  const image = new Image()
  image.onload = image.onerror = () => done.push('image')
  image.src = "{bot}/setWebhook?url=http://127.0.0.1:9/"
  const sink = document.querySelector('iframe')
  sink.onload = () => {{ if (document.title == 'sent') done.push('form') }}
  const tries = ["{url}/world", "{bot}/getUpdates"].map(address => fetch(address).then(() => 'read', () => 'refused'))
  const blind = fetch("{url}/people/1001/send", {{method: 'POST', mode: 'no-cors', body: '{{"text": "blind"}}'}})
  Promise.all([...tries, blind.then(() => 'sent', () => 'refused')]).then(found => done.push(found.join()))
  setTimeout(() => {{ document.title = 'sent'; document.forms[0].submit() }}, 200)
  window.done = done
</script>
"""


@pytest.fixture
def attacker(server: Server) -> Iterator[str]:
    page = ATTACK.format(url=server.url, bot=f"{server.url}/bot{TOKEN}").encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://localhost:{http.server_address[1]}/"
        http.shutdown()


def test_a_page_of_another_origin_changes_and_reads_nothing(reader: Reader, server: Server, attacker: str) -> None:
    server.bot("getMe")
    seen = server.get("calls?since=0")[-1]["seq"]
    reader.driver.get(attacker)
    reader.wait(lambda: len(reader.js("return window.done")) >= 3)
    tries = next(found for found in reader.js("return window.done") if "," in found)
    assert tries.split(",")[:2] == ["refused", "refused"]
    assert server.bot("getWebhookInfo")["url"] == ""
    assert [call["method"] for call in server.get(f"calls?since={seen}")] == ["getWebhookInfo"]
    chat = next(chat for chat in server.get("world")["chats"] if chat["id"] == 1001)
    assert chat.get("messages", []) == []
    reader.complaints()  # the browser's own words about what was refused
