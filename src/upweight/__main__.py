"""`python -m upweight` is the command `upweight`."""

from .cli import main

if __name__ == "__main__":
    main()
