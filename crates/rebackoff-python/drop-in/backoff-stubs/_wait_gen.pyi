from rebackoff._wait_gen import constant as constant
from rebackoff._wait_gen import decay as decay
from rebackoff._wait_gen import decorrelated as decorrelated
from rebackoff._wait_gen import expo as expo
from rebackoff._wait_gen import fibo as fibo
from rebackoff._wait_gen import linear as linear
from rebackoff._wait_gen import runtime as runtime
