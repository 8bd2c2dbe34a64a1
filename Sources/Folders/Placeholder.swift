// placeholder
import CInotifyTools
import Crypto
