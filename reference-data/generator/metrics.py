"""Evaluation metrics, from scikit-learn (and PyTorch for predictions): their rules, their cases, their truth.

Every number is a ratio of counts, so the truth is computed from whole numbers, apart from scikit-learn.
"""

from fractions import Fraction

import numpy as np
import torch
from mpmath import mpf
from sklearn import metrics, preprocessing

from . import DataFault
from .cases import Builder, Operation, Output
from .tensors import Tensor
from .truth import NAN, floats

NAME = "metrics"
RULES = {
    "binary_accuracy.probabilities": "A probability above the threshold predicts 1; the accuracy is the share of all "
                                     "elements, not of rows.",
    "binary_accuracy.logits": "The probability of a logit is its float32 sigmoid as PyTorch rounds it.",
    "binary_accuracy.half_to_even": "A probability of exactly 0.5 predicts 0, since rounding is half to even: so do logits "
                                    "of +-0 and logits so small that their float32 sigmoid is 0.5.",
    "binary_accuracy.threshold": "Another threshold is compared with the probability, never with the logit.",
    "argmax_accuracy.rows": "The prediction of a row is its largest logit; the accuracy is the share of rows.",
    "argmax_accuracy.ties": "Of equal largest logits the first is the prediction.",
    "precision_recall_f1.per_label": "Precision, recall, F1 and support of each label.",
    "precision_recall_f1.micro": "micro counts over all labels together.",
    "precision_recall_f1.macro": "macro is the plain mean over the labels.",
    "precision_recall_f1.weighted": "weighted is the mean over the labels, weighted by support.",
    "precision_recall_f1.samples": "samples is the mean over the rows of a multi-label problem.",
    "precision_recall_f1.multiclass": "Class indices are taken too; the labels are those that occur, in order.",
    "precision_recall_f1.zero_division": "Where a divisor is 0 the value is zero_division: 0, 1 or NaN; means leave NaN out.",
    "exact_match.rows": "The share of rows with every label right.",
    "hamming_loss.elements": "The share of elements that are wrong.",
    "classification_report.classes": "The report of class indices, as text.",
    "classification_report.labels": "The report of a multi-label problem, with micro and samples averages.",
    "classification_report.flattened": "The report of a multi-label problem flattened to one column.",
    "classification_report.per_label": "The report of each label by itself.",
    "classification_report.digits": "digits decimals, rounded as Python formats a float.",
    "classification_report.target_names": "Names take the place of labels; long ones widen the column.",
    "classification_report.zero_division": "Labels never predicted show zero_division.",
    "best_threshold.f1": "Of all thresholds that are scores, the lowest with the largest F1, a score at the threshold "
                         "predicting 1.",
    "categories.indices": "Categories are numbered in the order of their Unicode code points.",
    "categories.one_hot": "Each category becomes a row with one 1.",
}
SECTIONS = {"binary_accuracy": "8"} | dict.fromkeys(("argmax_accuracy", "precision_recall_f1", "exact_match", "hamming_loss",
                                                     "classification_report", "best_threshold", "categories"), "metrics")
AVERAGES = ("none", "micro", "macro", "weighted", "samples")


def cases(seed):
    build = Builder(NAME, seed)

    def case(region, detail, rules, metric, inputs=None, **options):
        build.add(region, detail, rules, inputs or {}, {"metric": metric, **options})

    for shape in ((1,), (17,), (9, 4)):
        for on in ("probabilities", "logits"):
            for threshold in (0.5, 0.25, 0.62):
                detail = f"binary-{'x'.join(map(str, shape))}-{on}-{threshold}"
                draw = build.stream("ACCURACY", detail)
                n = int(np.prod(shape))
                scores = draw.uniform(n) if on == "probabilities" else draw.normal(n, 3.0)
                # Scores at the threshold itself: 0.5 and 0.25 are exact, 0.62 is rounded to float32.
                scores[1::5] = threshold if on == "probabilities" else 0.0
                case("ACCURACY", detail, [f"binary_accuracy.{on}", *(["binary_accuracy.threshold"] if threshold != 0.5 else [])],
                     "binary_accuracy", {"scores": Tensor.of(scores, shape=shape), "target": Tensor.of(draw.coin(n), shape=shape)},
                     on=on, threshold=threshold)
    draw = build.stream("TIE", "zero")
    near = np.array([0.0, -0.0, 5e-8, -5e-8, 8.9e-8, 1.2e-7, -1.2e-7, 1e-45, 2e-7, -2e-7])
    case("TIE", "binary-zero-logits", ["binary_accuracy.half_to_even", "binary_accuracy.logits"], "binary_accuracy",
         {"scores": Tensor.of(draw.shuffled(near)), "target": Tensor.of(draw.coin(10))}, on="logits", threshold=0.5)
    case("TIE", "binary-one-half", ["binary_accuracy.half_to_even", "binary_accuracy.probabilities"], "binary_accuracy",
         {"scores": Tensor.of([0.5, 0.5, 0.5 + 2.0**-24, 0.5 - 2.0**-25]), "target": Tensor.of(draw.coin(4))},
         on="probabilities", threshold=0.5)
    for n, c in ((1, 3), (13, 5), (40, 2)):
        draw = build.stream("ACCURACY", f"argmax-{n}x{c}")
        case("ACCURACY", f"argmax-{n}x{c}", ["argmax_accuracy.rows"], "argmax_accuracy",
             {"scores": Tensor.of(draw.normal(n * c), shape=(n, c)), "target": Tensor.of(draw.below(n, c), "int64")})
    draw = build.stream("TIE", "argmax")
    case("TIE", "argmax-7x4", ["argmax_accuracy.ties", "argmax_accuracy.rows"], "argmax_accuracy",
         {"scores": Tensor.of(draw.below(28, 3), shape=(7, 4)), "target": Tensor.of(draw.below(7, 4), "int64")})

    def labels(draw, n, count, rare=False):
        """Predictions that agree with the target most of the time."""
        target = draw.coin(n * count).reshape(n, count) if count else draw.below(n, 5)
        wrong = draw.below(target.size, 4).reshape(target.shape) == 0
        prediction = np.where(wrong, 1 - target, target) if count else np.where(wrong, draw.below(n, 5), target)
        if rare and count:
            prediction[:, 0], target[:, 1], prediction[0], target[0] = 0, 0, 0, 0
            target[:, 2] = prediction[:, 2] = 0
        elif rare:
            prediction[prediction == 3], target[target == 1] = 2, 4
            target[0], prediction[1] = 3, 1
        return {"prediction": Tensor.of(prediction, "int64"), "target": Tensor.of(target, "int64")}

    for n, count in ((11, 4), (30, 3), (23, 0), (60, 0)):
        for rare in (False, True):
            if rare and count == 3:
                count = 5
            base = f"{n}x{count}" if count else f"{n}-classes"
            region = "ZERO_DIVISION" if rare else "ORDINARY"
            inputs = labels(build.stream(region, base), n, count, rare)
            for average in AVERAGES if count else AVERAGES[:-1]:
                for zero in (0, 1, "NaN") if rare else (0,):
                    rules = ["precision_recall_f1." + ("per_label" if average == "none" else average)]
                    rules += ["precision_recall_f1.zero_division"] * rare + ["precision_recall_f1.multiclass"] * (not count)
                    case(region, f"{base}-{average}" + (f"-{str(zero).lower()}" if rare else ""), rules, "precision_recall_f1",
                         inputs, average=average, zero_division=zero)
            if count:
                case(region, f"{base}-exact-match", ["exact_match.rows"], "exact_match", inputs)
            case(region, f"{base}-hamming-loss", ["hamming_loss.elements"], "hamming_loss", inputs)
            for zero in (0, 1) if rare else (0,):
                for digits in (2, 4, 0) if not zero else (2,):
                    kind = "labels" if count else "classes"
                    case("REPORT", f"{base}-{digits}" + (f"-zero-division-{zero}" if rare else ""),
                         [f"classification_report.{kind}", "classification_report.digits",
                          *(["classification_report.zero_division"] if rare else [])], "classification_report", inputs,
                         digits=digits, zero_division=zero)
            names = ["even", "prime", "above four", "closed loop", "a much longer name than that"]
            found = count or len(set(inputs["target"].array.tolist()) | set(inputs["prediction"].array.tolist()))
            case("REPORT", f"{base}-named" + "-rare" * rare, ["classification_report.target_names"], "classification_report",
                 inputs, target_names=names[:found], digits=2, zero_division=0)
            if count and not rare:
                flat = {k: Tensor.of(t.array.ravel(), "int64") for k, t in inputs.items()}
                case("REPORT", f"{base}-flattened", ["classification_report.flattened"], "classification_report", flat, digits=2,
                     zero_division=0)
                for column in range(count):
                    one = {k: Tensor.of(t.array[:, column], "int64") for k, t in inputs.items()}
                    case("REPORT", f"{base}-label-{column}", ["classification_report.per_label"], "classification_report", one,
                         target_names=["no", names[column]], digits=2, zero_division=0)
    for n in (12, 50):
        draw = build.stream("THRESHOLD", str(n))
        target = draw.coin(n)
        target[:2] = (0, 1)
        scores = Tensor.of(np.rint((0.3 * target + 0.7 * draw.uniform(n)) * 32) / 32)
        case("THRESHOLD", str(n), ["best_threshold.f1"], "best_threshold", {"scores": scores, "target": Tensor.of(target)},
             objective="f1")
    draw = build.stream("CATEGORIES", "names")
    for detail, words in (("animals", ["cat", "dog", "bird", "Cat", "ant"]), ("accents", ["z", "é", "e", "日本", "", "Z", "10", "9"])):
        case("CATEGORIES", detail, ["categories.indices", "categories.one_hot"], "categories",
             values=[words[i] for i in draw.below(15, len(words))])
    return build.cases


def _ratio(numerator, denominator, zero):
    return zero if denominator == 0 else Fraction(int(numerator), int(denominator))


def _mean(values, weights):
    """The weighted mean of what is not NaN (None); NaN if nothing is left."""
    pairs = [(v, w) for v, w in zip(values, weights) if v is not None]
    total = sum(w for _, w in pairs)
    return sum(v * w for v, w in pairs) / Fraction(int(total)) if total else None


def _scores(target, prediction, average, zero_division):
    """Precision, recall and F1 as fractions, None for NaN; and the support."""
    zero = None if zero_division == "NaN" else Fraction(zero_division)
    if target.ndim == 1:
        labels = sorted(set(target.tolist()) | set(prediction.tolist()))
        target, prediction = (np.stack([v == label for label in labels], axis=1).astype(int) for v in (target, prediction))
    axis = 1 if average == "samples" else 0
    true, said, right = target.sum(axis), prediction.sum(axis), (target * prediction).sum(axis)
    if average == "micro":
        true, said, right = ([v.sum()] for v in (true, said, right))
    precision = [_ratio(r, s, zero) for r, s in zip(right, said)]
    recall = [_ratio(r, t, zero) for r, t in zip(right, true)]
    f1 = [_ratio(2 * r, s + t, zero) for r, s, t in zip(right, said, true)]
    if average in ("none", "micro"):
        return precision, recall, f1, target.sum(0)
    weights = target.sum(0).tolist() if average == "weighted" else [1] * len(true)
    return *([_mean(v, weights)] for v in (precision, recall, f1)), None


def run(operation, case):
    inputs, options = {name: tensor.array for name, tensor in case.inputs.items()}, dict(case.options)
    metric = options.pop("metric")

    def put(name, value, exact, dtype="float64"):
        values = Tensor.of(value, dtype)
        exact = [NAN if v is None else mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else mpf(v) for v in exact]
        case.outputs[name] = Output(values.shape, values, *floats(exact, values.shape), np.ones(values.shape, bool))

    def whole(name, values):
        put(name, values, [int(v) for v in np.ravel(values)], "int64")

    target, prediction = inputs.get("target"), inputs.get("prediction")
    if metric == "binary_accuracy":
        scores = torch.from_numpy(inputs["scores"].copy())
        chances = torch.sigmoid(scores) if options["on"] == "logits" else scores
        said = torch.round(chances) if options["threshold"] == 0.5 else (chances > options["threshold"]).float()
        right = (said.numpy() == target)
        whole("prediction", said.numpy().astype(int))
        put("accuracy", right.mean(), [Fraction(int(right.sum()), right.size)])
    elif metric == "argmax_accuracy":
        said = torch.from_numpy(inputs["scores"].copy()).argmax(1).numpy()
        whole("prediction", said)
        put("accuracy", metrics.accuracy_score(target, said), [Fraction(int((said == target).sum()), target.size)])
    elif metric == "precision_recall_f1":
        average, zero = options["average"], options["zero_division"]
        found = metrics.precision_recall_fscore_support(target, prediction, average=None if average == "none" else average,
                                                        zero_division=float(zero))
        truth = _scores(target, prediction, average, zero)
        for name, value, exact in zip(("precision", "recall", "f1"), found, truth):
            put(name, value, exact)
        if average == "none":
            whole("support", found[3])
    elif metric == "exact_match":
        right = (target == prediction).all(axis=1)
        put("exact_match", metrics.accuracy_score(target, prediction), [Fraction(int(right.sum()), right.size)])
    elif metric == "hamming_loss":
        put("hamming_loss", metrics.hamming_loss(target, prediction), [Fraction(int((target != prediction).sum()), target.size)])
    elif metric == "classification_report":
        case.texts["report"] = metrics.classification_report(target, prediction, **options)
    elif metric == "best_threshold":
        scores, best = inputs["scores"].astype(np.float64), None
        precision, recall, thresholds = metrics.precision_recall_curve(target, scores)
        with np.errstate(invalid="ignore"):
            found = np.nan_to_num(2 * precision * recall / (precision + recall))[:-1]
        for threshold in sorted(set(scores.tolist())):
            f1 = _scores(target.astype(int)[:, None], (scores >= threshold).astype(int)[:, None], "micro", 0)[2][0]
            if best is None or f1 > best[1]:
                best = threshold, f1
        at = int(np.flatnonzero(thresholds == best[0])[0])
        if found[at] < found.max() - 1e-12:
            raise DataFault(f"The case {case.id} finds another best threshold than scikit-learn.")
        put("threshold", thresholds[at], [best[0]])
        put("f1", found[at], [best[1]])
    else:
        encoder = preprocessing.LabelEncoder().fit(options["values"])
        indices = encoder.transform(options["values"])
        case.texts["classes"] = "\n".join(encoder.classes_)
        whole("indices", indices)
        whole("one_hot", np.eye(len(encoder.classes_), dtype=int)[indices])


OPERATION = Operation(NAME, RULES, SECTIONS, cases, None, None, run=run)
