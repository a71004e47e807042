"""A plain page that only says something: no script, no live connection."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<style>
:root{{--ground:#f4f1ee;--sheet:#fffdfb;--ink:#2b2624;--faint:#6f655f;--red:#b3261e}}
@media(prefers-color-scheme:dark){{
:root{{--ground:#161312;--sheet:#211d1b;--ink:#ece5e0;--faint:#a79c96;--red:#a8312a}}}}
body{{font:16px/1.75 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",
"WenQuanYi Micro Hei",sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;
background:var(--ground);color:var(--ink)}}
main{{background:var(--sheet);padding:2.5rem 2.25rem;border-radius:18px;margin:1rem;
width:min(22rem,100vw - 6.5rem);box-shadow:0 10px 40px #0000001a;text-align:center}}
.mark{{width:52px;height:52px;border-radius:15px;background:var(--red);color:#fff;display:grid;
place-items:center;font-size:27px;margin:0 auto 1.25rem}}
h1{{font-size:1.2rem;margin:0 0 .5rem}}p{{margin:.25rem 0;color:var(--faint);font-size:.95rem}}
button,a.button{{display:block;box-sizing:border-box;width:100%;font:inherit;color:#fff;
background:var(--red);border:0;border-radius:12px;padding:.7rem;margin-top:1.5rem;cursor:pointer;
text-decoration:none}}button:focus-visible,a:focus-visible{{outline:3px solid #e99;
outline-offset:2px}}
</style><main><div class="mark" aria-hidden="true">支</div><h1>{title}</h1><p>{text}</p>{more}
</main></html>"""
BACK = '<a class="button" href="/">返回</a>'


def notice(title: str, text: str, more: str = "", *, status: int = 200) -> HTMLResponse:
    """Return a page that says something; title and text are escaped, `more` is our own markup."""
    return HTMLResponse(
        _PAGE.format(title=escape(title), text=escape(text), more=more),
        status_code=status,
        headers={"cache-control": "no-store"},
    )


def not_found() -> HTMLResponse:
    """Return the one answer to everything that is not there or not for this visitor."""
    return notice("没有这个页面", "它不存在，或者你没有权限查看。", BACK, status=404)
