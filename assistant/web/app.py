"""The web service: security headers, the library's articles, static files, and the chat page at `/`."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.pipeline import Assistant
from assistant.web.article_page import missing_page, render_article

STATIC = Path(__file__).parent / "static"

_OURS = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
# Gradio's page has inline scripts and styles and compiles some of its code; all the rest stays on this host.
_GRADIO = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; form-action 'self'; frame-ancestors 'self'"
)


class _SecurityHeaders:
    """Adds the headers to every answer; plain ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _OURS if scope["path"].startswith(("/library/", "/files/")) else _GRADIO
        extra = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
        }

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [
                    (name, value) for name, value in message.get("headers", []) if name.decode().lower() not in extra
                ]
                message["headers"] = kept + [(name.encode(), value.encode()) for name, value in extra.items()]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def build_app(assistant: Assistant, corpus_dir: Path) -> FastAPI:
    """The whole web service around an assistant; `corpus_dir` is the library whose articles it shows."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # Gradio takes seconds to import, so only those who serve pay for it.
    import gradio as gr
    from gradio.state_holder import SessionState

    from assistant.web.chat_page import HEAD, build_page, theme

    # Gradio keeps each component's last value for the session's sake, which here would be the conversation.
    SessionState._update_value_in_config = _keep_nothing  # type: ignore[assignment, method-assign]

    app = FastAPI(title="Coach or mentor?", docs_url=None, redoc_url=None, openapi_url=None)
    # No origin is allowed; without this, Gradio lets every one in.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(_SecurityHeaders)

    @app.get("/library/{article}", response_class=HTMLResponse)
    def article_page(article: str) -> HTMLResponse:
        page = render_article(corpus_dir, article)
        return HTMLResponse(missing_page(), status_code=404) if page is None else HTMLResponse(page)

    # Not `/static`, which is Gradio's own.
    app.mount("/files", StaticFiles(directory=STATIC))
    served: FastAPI = gr.mount_gradio_app(
        app,
        build_page(assistant),
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size="1kb",
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        favicon_path=str(STATIC / "favicon.svg"),
        theme=theme(),
        head=HEAD,
    )
    return served


def _keep_nothing(state: Any, key: int, value: Any) -> None:
    """Stands in for Gradio's own way of remembering what a component showed last."""


def serve(app: FastAPI, listening: socket.socket) -> None:
    """Serves on an open socket until interrupted; logs no request."""
    # Interrupting is the ordinary way to end it.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run([listening])
