import Reports
import Testing

@Suite("Figures")
struct FigureTests {
    @Test(
        "are rounded to the nearest, and 0 has no sign",
        arguments: [
            (-14.04, 1, "-14.0"), (-0.04, 1, "0.0"), (0.05, 1, "0.1"), (-0.25, 1, "-0.3"), (3, 0, "3"),
            (1.005, 2, "1.00"), (-7, 2, "-7.00"), (Double.nan, 1, "-"), (.infinity, 1, "-"), (1e300, 1, "-"),
            (9.999, 2, "10.00"),
        ])
    func decimal(_ value: Double, _ digits: Int, _ text: String) {
        #expect(Figure.decimal(value, digits) == text)
    }

    @Test(
        "of time are clocks",
        arguments: [
            (0.0, "0:00.00"), (59.999, "1:00.00"), (205.37, "3:25.37"), (3723.4, "1:02:03.40"), (-1, "0:00.00"),
            (.nan, "-"), (1e300, "-"),
        ])
    func time(_ seconds: Double, _ text: String) {
        #expect(Figure.time(seconds) == text)
    }

    @Test(
        "of counts are grouped",
        arguments: [(0, "0 runs"), (1, "1 run"), (1000, "1 000 runs"), (12_345_678, "12 345 678 runs")])
    func count(_ number: Int64, _ text: String) {
        #expect(Figure.count(number, "run") == text)
    }
}
