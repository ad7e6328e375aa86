# SPDX-License-Identifier: MIT
"""python.py NAME...: run some of python's own tests, and say of each one line how it went: "ok NAME", "bad NAME", "skipped NAME"."""
import sys
import unittest

from test import support


class Result(unittest.TestResult):
    """A test with subtests that went wrong is wrong, and one without an end is none."""

    def startTest(self, test):
        super().startTest(test)
        self.verdict = "ok"

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.verdict = "bad"

    def addError(self, test, err):
        super().addError(test, err)
        self.verdict = "bad"

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.verdict = "bad"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.verdict = "skipped"

    def addUnexpectedSuccess(self, test):
        self.verdict = "bad"

    def stopTest(self, test):
        super().stopTest(test)
        print(f"\n{self.verdict} {test.id()}", flush=True)


def each(tests):
    """One by one. Those of vsock wait for ever in some virtual machines, without any help."""
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        elif "VSOCK" not in test.id():
            yield test


def main():
    support.use_resources = []
    result = Result()
    unittest.TestSuite(each(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]))).run(result)
    for test, error in result.failures + result.errors:
        print(f"{test.id()}:\n{error}")
    print("\nend", flush=True)


main()
