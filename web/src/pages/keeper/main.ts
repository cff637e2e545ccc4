// A keeper's page, where somebody asks for their card: everything that it needs is fetched then, and not for a page on which no card is asked
// for. It asks the house nothing by itself.

const asked = document.querySelectorAll<HTMLElement>('[data-card-for]');
if (asked.length > 0) {
  void import('./card').then(({ askForCard }) => asked.forEach((place) => askForCard(place)));
}
