// placeholder
import CVips
import CZlib
import Subprocess
