// placeholder
import CJansson
