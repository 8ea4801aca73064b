package org.lanewise.conformance.verdict;

/** Marks an exception whose message is a sentence for people, complete without the exception's class. */
public interface Sentence {}
