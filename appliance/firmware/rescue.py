"""The page of a box whose data cannot be used: what is wrong, what can be done. No login, no core."""

import html
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Ortsamt: fault</title>
<style>body{{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}
h1{{color:#a00}}pre{{white-space:pre-wrap;background:#eee;padding:1rem}}</style>
<h1>This box needs help · Diese Anlage braucht Hilfe</h1>
<p><strong>{fault}</strong></p>
<p>The telephone service is off: starting it without its data would make a second, empty office of it. Nothing
was deleted.</p>
<ol>
<li>Switch the box off and on once. The data partition is checked and mended at every start.</li>
<li>If this page comes again, the memory card or disk is probably worn out: replace it, write the image to the
new one, and restore the last backup.</li>
<li>If the disk is good, a factory reset makes a new data partition: hold the button for ten seconds, or say
<code>ortsamt update factory-reset</code>. <em>It deletes all data.</em> Then restore the last backup.</li>
</ol>
<p>Der Telefondienst ist aus, gelöscht wurde nichts. Einmal aus- und einschalten; hilft das nicht,
Speicherkarte oder Platte tauschen, das Abbild neu aufspielen und die letzte Sicherung einspielen. Ist der
Speicher gut, legt ein Zurücksetzen (Knopf zehn Sekunden halten) die Daten neu an.</p>
<pre>Ortsamt {version}
{details}</pre>
</html>
"""


def page(fault: str, version: str, details: str) -> str:
    """The page; everything that is filled in is text."""
    return PAGE.format(
        fault=html.escape(fault), version=html.escape(version), details=html.escape(details[-4000:])
    )


def server(address: str, port: int, text: Callable[[], str]) -> ThreadingHTTPServer:
    """A server that answers every GET with the page; 503, so that no program takes it for the box."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            body = text().encode()
            self.send_response(503)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            pass

    made = ThreadingHTTPServer((address, port), Handler)
    made.daemon_threads = True
    return made
