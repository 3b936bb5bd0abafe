"""The pages that need nothing of ours: one asks a browser for a key, one says that the service is away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

from nas_service.palette import DARK, LIGHT, variables

PAGES = re.compile(  # where a log-in may lead
    r"(/|/docs|/cluster|/compare|/devices(/[A-Za-z0-9_.-]{1,64})?|/jobs/[a-z0-9.]{1,64}(/candidates/[a-z0-9.]{1,64})?)"
    r"(\?[A-Za-z0-9_.,=&%+-]{1,500})?"
)

_COLORS = f""":root {{ {variables(LIGHT)} color-scheme: light dark; }}
@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}"""
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink); margin: 0 16px; }
form, main { max-width: 420px; margin: 12vh auto; padding: 20px 24px; background: var(--sheet);
        border: 1px solid var(--line); border-radius: 8px; }
h1 { font-size: 20px; margin: 0 0 12px; }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: 8px; margin-top: 8px; }
input, button { border: 1px solid var(--behind); border-radius: 4px; background: var(--paper); color: inherit; }
input { margin-top: 4px; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
button { margin-top: 16px; background: var(--accent); border-color: var(--accent); color: var(--sheet); }
button { font-weight: 600; cursor: pointer; }
p { margin: 16px 0 0; }
p:empty { display: none; }
code { display: block; margin-top: 4px; padding: 6px 8px; background: var(--paper); border-radius: 4px; }
code { font-size: 13px; overflow-wrap: anywhere; color: var(--ink); }
.danger { color: var(--danger); }
.muted { color: var(--muted); font-size: 14px; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
{more}<title>{title} · NAS service</title>
<style>
{colors}{style}</style>
</head>
<body>
{body}</body>
</html>
"""
_FORM = """<form method="post" action="/login">
<h1>NAS service</h1>
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<input name="page" type="hidden" value="{page}">
<button>Log in</button>
<p class="danger">{said}</p>
<p class="muted">A key is made on the machine of the service, with
<code>nas key create --owner NAME --scope submit</code></p>
</form>
"""
_AWAY = """<main>
<h1>NAS service</h1>
<p class="danger">{said}</p>
<p class="muted">This page tries again every {every} seconds.</p>
</main>
"""
AGAIN_S = 5


def shown(page: str, said: str = "", status: int = 401, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """The form, which leads on to `page`; `said` is what was wrong with the last try."""
    form = _FORM.format(page=escape(allowed(page)), said=escape(said))
    return HTMLResponse(_page("Log in", form), status, {"Cache-Control": "no-store", **(headers or {})})


def away(said: str) -> HTMLResponse:
    """What is shown instead of a page while nobody can say what it shows; it loads the page again by itself."""
    again = f'<meta http-equiv="refresh" content="{AGAIN_S}">\n'
    body = _AWAY.format(said=escape(said), every=AGAIN_S)
    return HTMLResponse(_page("Away", body, again), 503, {"Cache-Control": "no-store", "Retry-After": str(AGAIN_S)})


def _page(title: str, body: str, more: str = "") -> str:
    return _PAGE.format(colors=_COLORS, style=_STYLE, title=title, more=more, body=body)


def allowed(page: str) -> str:
    """The page itself, without its query where that is not known, or the first one where it is none of ours."""
    return next(filter(PAGES.fullmatch, (page, page.partition("?")[0])), "/")
