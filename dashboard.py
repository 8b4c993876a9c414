"""The front door of the withdrawal-monitoring dashboard: `streamlit run dashboard.py`.

The pages are in detox/ui/; who may see them is decided in detox/access/ before any of them runs.
"""

import streamlit as st
from starlette.middleware import Middleware

from detox.access.guard import Guard
from detox.access.routes import routes
from detox.access.start import lifespan, on_script_error

app = st.App(
    "detox/ui/main.py",
    routes=routes(),
    middleware=[Middleware(Guard)],
    lifespan=lifespan,
    on_script_error=on_script_error,
)

if __name__ == "__main__":
    app.run()
