"""The page at `/`: its tabs, and how it is mounted into the application.

Environment variables set before Gradio is imported stop it from reporting or fetching anything.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from serve.review import DatasetReviews, exports
from serve.service import Service
from serve.ui.privacy import privacy_page
from serve.ui.routes import add_routes, mount_point
from serve.ui.training import training_routes
from serve.work.tasks import BackgroundTasks
from serve.work.training import TrainingManager

# Beside what `core.telemetry` turns off.
_SWITCHES = {
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SHARE": "False",
}
_KEEP_FILES_S = 3600


def create_ui(service: Service, reviews: DatasetReviews, tasks: BackgroundTasks, training: TrainingManager) -> Any:
    """Return the page as `gradio.Blocks`; nothing is launched.

    Args:
        service: Used by all tabs.
        reviews: The datasets.
        tasks: The long tasks.
        training: The runs.
    """
    os.environ.update(_SWITCHES)
    os.environ["GRADIO_TEMP_DIR"] = str(service.home.cache / "page")
    import gradio as gr

    from serve.ui.compare import CompareTab
    from serve.ui.data import DataTab
    from serve.ui.events import block
    from serve.ui.report import ReportTab

    with gr.Blocks(
        title="kb", fill_width=True, analytics_enabled=False, delete_cache=(_KEEP_FILES_S, _KEEP_FILES_S)
    ) as page:
        block('<div class="kb-head"><h1>kb</h1><p>answers from your documents, each with its page</p></div>')
        with gr.Tabs():
            # Filled by scripts of our own: see docs/adr/0028.
            with gr.Tab("Chat", id="chat"):
                block(mount_point("kb-chat", "Loading …"))
            with gr.Tab("Documents", id="documents", render_children=True):
                block(mount_point("kb-documents", "Loading …"))
            with gr.Tab("Compare", id="compare"):
                compare = CompareTab(service)
            with gr.Tab("Data", id="data"):
                data = DataTab(reviews, tasks)
            with gr.Tab("Training", id="training", render_children=True):
                block(mount_point("kb-training", "Loading …"))
            with gr.Tab("Report", id="report") as report_tab:
                report = ReportTab(service.home, training, tasks)
        report.opened(report_tab)
        for tab in (compare, data, report):
            tab.load(page)
    # Handlers wait for worker lanes, whose queues are bounded; Gradio's queue need not be.
    page.queue(default_concurrency_limit=None, api_open=False)
    return page


def mount_page(app: FastAPI, service: Service, *, datasets: Sequence[Path] = ()) -> None:
    """Serve the page at `/`, the privacy page at `/privacy`, and comparison reports at `/report/NAME`."""
    reviews, tasks = DatasetReviews(service, datasets), BackgroundTasks(service.workspace)
    training = TrainingManager(service, tasks)
    page = create_ui(service, reviews, tasks, training)
    import gradio as gr

    from serve.ui.look import CSS, HEAD, theme
    from serve.ui.report import mount_reports

    @app.get("/privacy", include_in_schema=False)
    def privacy() -> HTMLResponse:
        return HTMLResponse(privacy_page(service.settings, service.home))

    add_routes(app, service, training_routes(service, training, reviews))
    mount_reports(app, service.home)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
        max_file_size=service.settings.serve.upload_mb << 20,
        theme=theme(),
        allowed_paths=[str(exports(service.home))],
        css=CSS,
        head=HEAD,
    )
    mounted = app.router.routes[-1].app  # type: ignore[attr-defined]
    app.state.stop_page = mounted.stop_event.set
