"""Do the weighted rows look like the target? Column by column (`balance`), and to a classifier (`c2st`)."""

from ._balance import Balance, balance
from ._c2st import c2st

__all__ = ["Balance", "balance", "c2st"]
