"""One thread: many small fits on a busy machine spend their time waiting for each other's threads otherwise."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield
