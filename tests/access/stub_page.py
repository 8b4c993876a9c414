from datetime import UTC, datetime

import streamlit as st

from detox.access import sessions

session = sessions.current(st.context.cookies.get(sessions.COOKIE), datetime.now(UTC))
st.title("SECRET of " + (session.clinician.name if session else "nobody"))
st.html('<a href="/sign-out" target="_self">Sign out</a>')
if st.button("Break"):
    raise ValueError("patient Maria Silva")


@st.fragment(run_every=1)
def tick():
    st.write(datetime.now(UTC).isoformat())


tick()
