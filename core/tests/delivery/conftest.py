import sys
from pathlib import Path

# The tests' own room and clock, shared between their files.
sys.path.insert(0, str(Path(__file__).parent))
