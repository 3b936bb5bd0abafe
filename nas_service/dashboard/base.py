"""The plain look that the pages' own styles build on, and the few classes of Tailwind's that they use.

NiceGUI would make these in the browser, by a script that reads every class on the page whenever something changes. The
rules of the layer `base` are from the preflight of Tailwind CSS 4 (MIT License, Copyright Tailwind Labs, Inc.).
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = {
    "w-full": "width: 100%",
    "items-baseline": "align-items: baseline",
    "items-center": "align-items: center",
    "items-end": "align-items: flex-end",
    "items-start": "align-items: flex-start",
    "justify-between": "justify-content: space-between",
    "justify-center": "justify-content: center",
    "justify-end": "justify-content: flex-end",
    "self-stretch": "align-self: stretch",
    "text-left": "text-align: left",
    "text-center": "text-align: center",
    "text-right": "text-align: right",
    "text-xs": "font-size: 0.75rem; line-height: calc(1 / 0.75)",
    "text-sm": "font-size: 0.875rem; line-height: calc(1.25 / 0.875)",
    "text-base": "font-size: 1rem; line-height: 1.5",
    "text-lg": "font-size: 1.125rem; line-height: calc(1.75 / 1.125)",
    "text-xl": "font-size: 1.25rem; line-height: calc(1.75 / 1.25)",
    "text-white": "color: #fff",
    "font-medium": "font-weight: 500",
    "cursor-pointer": "cursor: pointer",
    "absolute": "position: absolute",
    "fixed": "position: fixed",
    "block": "display: block",
    "flex": "display: flex",
    "inline": "display: inline",
    "hidden": "display: none",
}

_PLAIN: Final = """
@layer base {
*, ::after, ::before, ::backdrop, ::file-selector-button {
    box-sizing: border-box; margin: 0; padding: 0; border: 0 solid; }
html { line-height: 1.5; -webkit-text-size-adjust: 100%; tab-size: 4; -webkit-tap-highlight-color: transparent;
       font-family: ui-sans-serif, system-ui, sans-serif; }
h1, h2, h3, h4, h5, h6 { font-size: inherit; font-weight: inherit; }
a { color: inherit; text-decoration: inherit; }
b, strong { font-weight: bolder; }
code, kbd, samp, pre { font-size: 1em;
    font-family: ui-monospace, SFMono-Regular, Menlo, Monaco, Consolas, 'Liberation Mono', 'Courier New', monospace; }
table { text-indent: 0; border-color: inherit; border-collapse: collapse; }
summary { display: list-item; }
ol, ul, menu { list-style: none; }
img, svg, video, canvas, audio, iframe, embed, object { display: block; vertical-align: middle; }
img, video { max-width: 100%; height: auto; }
button, input, select, optgroup, textarea, ::file-selector-button {
    font: inherit; font-feature-settings: inherit; font-variation-settings: inherit; letter-spacing: inherit;
    color: inherit; border-radius: 0; background-color: transparent; opacity: 1; }
::placeholder { opacity: 1; color: color-mix(in oklab, currentcolor 50%, transparent); }
textarea { resize: vertical; }
button, input:where([type='button'], [type='reset'], [type='submit']), ::file-selector-button { appearance: button; }
::-webkit-inner-spin-button, ::-webkit-outer-spin-button { height: auto; }
[hidden]:where(:not([hidden='until-found'])) { display: none !important; }
}
"""

_RULES: Final = "\n".join(f".{name} {{ {rule}; }}" for name, rule in CLASSES.items())
STYLE: Final = f"{_PLAIN}@layer utilities {{\n{_RULES}\n}}"
